import { exitCodeOf, NetmeterError } from '../../src/errors.js';
import type {
  BudgetState,
  ReconciliationDocument,
  StatusDocument,
  StatusLink,
} from '../../src/protocol/documents.js';
import { notRunningDocument } from '../../src/report/status.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes, formatTime } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';
import { VERSION } from '../../src/version.js';
import { ask } from '../ask.js';
import type { Command, GlobalOptions } from '../command.js';
import type { Io } from '../io.js';
import { parseSince } from '../parse.js';

interface StatusOptions {
  since?: number;
}

export const status: Command<StatusOptions> = {
  name: 'status',
  summary: 'what the daemon has metered since it started',
  options: [
    {
      flags: '--since <time>',
      description: 'an ISO 8601 time or an age such as 2h or 7d',
      parse: parseSince,
    },
  ],
  async run({ io, options }) {
    if ((options.since ?? 0) > io.now()) throw new NetmeterError('usage', '--since is in the future');
    const params = options.since === undefined ? {} : { since: options.since };
    let document: StatusDocument;
    try {
      document = await ask('status', params, io, options);
    } catch (error) {
      if (options.json && isNotRunning(error)) return sayNotRunning(error, io);
      throw error;
    }
    io.stdout.write(
      options.json ? `${JSON.stringify(document)}\n` : statusText(document, undefined, io.stdout.columns),
    );
    if (io.stdout.isTerminal && !options.json) await sayWasSeen(document, io, options);
    return 0;
  },
};

/** Whoever reads a terminal has seen the warnings on it, so that prompts need not mention them any more. */
async function sayWasSeen({ warnings }: StatusDocument, io: Io, options: GlobalOptions): Promise<void> {
  const last = warnings.filter(({ seen }) => !seen).at(-1);
  if (last === undefined) return;
  await ask('warnings-seen', { until: Date.parse(last.at) }, io, options).catch(() => {});
}

function isNotRunning(error: unknown): error is NetmeterError {
  return error instanceof NetmeterError && error.code === 'daemon-not-running';
}

/** That nothing runs is a status, too; the error is beside it. */
function sayNotRunning(error: NetmeterError, io: Io): number {
  const { code, message, hint = null } = error;
  const document = { ...notRunningDocument(VERSION), error: { code, message, hint } };
  io.stdout.write(`${JSON.stringify(document)}\n`);
  io.stderr.write(`netmeter: ${escapeText(message)} (${code})\n`);
  return exitCodeOf(error);
}

export function statusText(
  document: StatusDocument,
  timeZone: string | undefined,
  width: number | undefined,
): string {
  const lines = [
    `netmeter ${document.version}, pid ${document.pid}, meters since ${formatTime(document.since, timeZone)}` +
      ` (tier ${document.tiers.meter ?? 'none'}, builds ${document.tiers.builds ?? 'none'})`,
  ];
  for (const link of document.links) {
    lines.push(
      '',
      `Link ${escapeText(link.name)}: in ${formatBytes(link.rxBytes)}, out ${formatBytes(link.txBytes)}`,
    );
    lines.push(`  metered: ${meteredText(link)}`);
    if (link.budget !== null) lines.push(`  budget: ${budgetText(link.budget, timeZone)}`);
    if (link.reconciliation !== null) lines.push(`  ${reconciliationText(link.reconciliation)}`);
  }
  if (document.owners.length > 0) lines.push('', ...ownersTable(document, width));
  for (const [name, count] of Object.entries(document.lost)) {
    if (count > 0) lines.push(`Lost: ${name} ${count}`);
  }
  for (const warning of document.warnings)
    lines.push(`Warning: ${escapeText(warning.message)} (${warning.code})`);
  for (const source of document.sources) {
    if (source.ok) continue;
    const code = source.code === null ? '' : ` (${source.code})`;
    lines.push(`Not working: ${source.name}: ${escapeText(source.because ?? 'no reason known')}${code}`);
    if (source.hint !== null) lines.push(`  better: ${escapeText(source.hint)}`);
  }
  return `${lines.join('\n')}\n`;
}

function meteredText({ metered, meteredBecause }: StatusLink): string {
  const word = metered === null ? 'unknown' : metered ? 'yes' : 'no';
  return meteredBecause === null ? word : `${word}, ${escapeText(meteredBecause)}`;
}

function budgetText(budget: BudgetState, timeZone: string | undefined): string {
  const { usedBytes, limitBytes, remainingBytes, cycleEnd, forecastBytes } = budget;
  const forecast = forecastBytes === null ? '' : `; at this pace ${formatBytes(forecastBytes)} by then`;
  return (
    `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)} used, ${formatBytes(remainingBytes)} left ` +
    `until ${formatTime(cycleEnd, timeZone)}${forecast}`
  );
}

/** Everything a link carried, and how much of it has an owner. */
export function reconciliationText(it: ReconciliationDocument): string {
  const share = it.linkBytes === 0 ? '' : ` (${((100 * it.unattributedBytes) / it.linkBytes).toFixed(3)} %)`;
  const packets = it.packetsComparable ? `, ${it.linkPackets - it.attributedPackets} packets` : '';
  return (
    `${formatBytes(it.linkBytes)} on the link = ${formatBytes(it.attributedBytes)} with an owner` +
    `${it.tunnelOverheadBytes === 0 ? '' : ` + ${formatBytes(it.tunnelOverheadBytes)} tunnel overhead`}` +
    ` + ${formatBytes(it.unattributedBytes)} unattributed${share}${packets}`
  );
}

function ownersTable(document: StatusDocument, width: number | undefined): string[] {
  const owners = document.owners.toSorted((a, b) => sum(b) - sum(a));
  return table(
    [
      { title: 'KIND' },
      { title: 'OWNER', flexible: true },
      { title: 'WAN IN', align: 'right' },
      { title: 'WAN OUT', align: 'right' },
      { title: 'LAN', align: 'right' },
      { title: 'PROXY', align: 'right' },
      { title: 'TIER' },
    ],
    owners.map((owner) => [
      owner.kind,
      owner.composeProject === null
        ? owner.name
        : `${owner.composeProject}/${owner.composeService ?? owner.name}`,
      formatBytes(owner.wan.rxBytes),
      formatBytes(owner.wan.txBytes),
      formatBytes(owner.lan.rxBytes + owner.lan.txBytes),
      formatBytes(owner.proxy.rxBytes + owner.proxy.txBytes),
      owner.tier,
    ]),
    width,
  );
}

function sum({ wan, lan, proxy }: StatusDocument['owners'][number]): number {
  return wan.rxBytes + wan.txBytes + (lan.rxBytes + lan.txBytes + proxy.rxBytes + proxy.txBytes) / 1e9;
}
