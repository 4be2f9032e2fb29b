import { rename, rm, writeFile } from 'node:fs/promises';
import { NetmeterError } from '../../src/errors.js';
import type { ReportDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes, formatDuration, formatTime } from '../../src/text/figures.js';
import { savedText } from '../../src/text/savings.js';
import { table } from '../../src/text/table.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { parseSince } from '../parse.js';
import { reconciliationText } from './status.js';

interface ReportOptions {
  since?: number;
  until?: number;
  week?: boolean;
  format?: 'text' | 'json';
  output?: string;
}

const WEEK_MS = 7 * 86_400_000;

export const report: Command<ReportOptions> = {
  name: 'report',
  summary: 'what a period used and saved, by owner, link, day and step',
  description:
    'What a period used, by owner, link, day and step, and what caches and proxies saved of it. What is not known is printed as unknown and left out of sums, which say so.',
  options: [
    { flags: '--since <time>', description: 'an ISO 8601 time or an age (default 7d)', parse: parseSince },
    { flags: '--until <time>', description: 'an ISO 8601 time or an age (default now)', parse: parseSince },
    { flags: '--week', description: 'the last seven days, the default' },
    { flags: '--format <format>', description: 'text or json', parse: parseFormat },
    { flags: '-o, --output <file>', description: 'write it to a file instead of stdout' },
  ],
  async run({ io, options }) {
    const since = options.since ?? (options.until ?? io.now()) - WEEK_MS;
    if (options.until !== undefined && options.until <= since) {
      throw new NetmeterError('usage', '--until is not after --since');
    }
    const params = {
      since,
      timeZone: io.timeZone,
      ...(options.until === undefined ? {} : { until: options.until }),
    };
    const document = await ask('report', params, io, options);
    const json = options.json || options.format === 'json';
    const text = json ? `${JSON.stringify(document)}\n` : reportText(document, io.stdout.columns);
    if (options.output === undefined) io.stdout.write(text);
    else await writeReport(options.output, text);
    return 0;
  },
};

export function reportText(document: ReportDocument, width: number | undefined): string {
  const { timeZone } = document;
  const used = document.wan.rxBytes + document.wan.txBytes;
  const lines = [
    `netmeter report, ${formatTime(document.since, timeZone)} to ${formatTime(document.until, timeZone)} (${timeZone})`,
    '',
    `Used: ${formatBytes(used)} WAN (in ${formatBytes(document.wan.rxBytes)}, out ${formatBytes(document.wan.txBytes)})`,
    `Before: ${formatBytes(document.previous.usedBytes)}`,
    `Saved: ${savedText(document.saved)}`,
    ...worthLines(document),
    `Builds: ${document.builds.count}, ${document.builds.failed} failed`,
  ];
  for (const link of document.links) {
    if (link.reconciliation !== null) {
      lines.push('', `Link ${escapeText(link.name)}`, `  ${reconciliationText(link.reconciliation)}`);
    }
  }
  const kinds = Object.entries(document.byOwnerKind).filter(([, it]) => it.rxBytes !== 0 || it.txBytes !== 0);
  section(
    lines,
    ['OWNER KIND', 'IN', 'OUT'],
    width,
    kinds.map(([kind, it]) => [kind, formatBytes(it.rxBytes), formatBytes(it.txBytes)]),
  );
  section(
    lines,
    ['DAY', 'USED', 'SAVED', 'BY CACHE MOUNTS AND PROXIES'],
    width,
    document.days.map((day) => [
      day.date,
      formatBytes(day.usedBytes),
      formatBytes(day.savedBytes),
      formatBytes(day.headlineBytes),
    ]),
  );
  section(
    lines,
    ['PROJECT', 'USED', 'SAVED'],
    width,
    document.projects.map((it) => [it.name, formatBytes(it.usedBytes), formatBytes(it.savedBytes)]),
  );
  section(
    lines,
    ['STEP', 'USED', 'SAVED'],
    width,
    document.topSteps.map((step) => [step.name, formatBytes(step.bytes), formatBytes(step.savedBytes)]),
  );
  return `${lines.join('\n')}\n`;
}

/** Money, time and energy, as far as known. */
function worthLines({
  coldBytes,
  money,
  workAvoidedMs,
  energyWh,
  saved,
  previous,
}: ReportDocument): string[] {
  const lines = [
    `Cold: ${formatBytes(coldBytes)}; saved in the period before: ${formatBytes(previous.savedBytes)}`,
  ];
  if (saved !== null && saved.meteredBytes !== 0)
    lines.push(`On metered links: ${formatBytes(saved.meteredBytes)}`);
  for (const { currency, spent, saved: worth } of money ?? []) {
    const kept = worth === null ? 'unknown' : `${worth.toFixed(2)} ${currency}`;
    lines.push(`Money: ${spent.toFixed(2)} ${currency} spent, ${kept} saved`);
  }
  if (workAvoidedMs !== null && workAvoidedMs !== 0) {
    lines.push(`Work avoided: ${formatDuration(workAvoidedMs)}, one step after the other`);
  }
  if (energyWh !== null && energyWh.saved !== null) {
    const { used, saved: kept, source } = energyWh;
    lines.push(`Energy: ${used.toFixed(1)} Wh used, ${kept.toFixed(1)} Wh saved (${source})`);
  }
  return lines;
}

function section(lines: string[], titles: string[], width: number | undefined, rows: string[][]): void {
  if (rows.length === 0) return;
  const columns = titles.map((title, index) =>
    index === 0 ? { title, flexible: true } : { title, align: 'right' as const },
  );
  lines.push('', ...table(columns, rows, width));
}

function parseFormat(text: string): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text;
  throw new NetmeterError('usage', `"${text}" is no report format of this version`, {
    hint: 'Use text or json.',
  });
}

/** Whole or not at all: written beside the target and renamed over it. */
async function writeReport(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(beside, text);
    await rename(beside, file);
  } catch (cause) {
    await rm(beside, { force: true });
    throw new NetmeterError(
      'output-unwritable',
      `the report could not be written to ${file}: ${(cause as Error).message}`,
      {
        cause,
        hint: 'Give a path in a directory that you may write to.',
      },
    );
  }
}
