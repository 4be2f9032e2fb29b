import { extname } from 'node:path';
import { NetmeterError } from '../../src/errors.js';
import { exportCsv } from '../../src/export/csv.js';
import { exportPrometheus } from '../../src/export/prometheus.js';
import type { BuildDocument, ExportDocument, StatusDocument } from '../../src/protocol/documents.js';
import { ask } from '../ask.js';
import type { Command, GlobalOptions } from '../command.js';
import type { Io } from '../io.js';
import { parseSince } from '../parse.js';
import { type ReportPeriod, reportPeriod } from '../report-period.js';
import { writeWhole } from '../write-whole.js';

const FORMATS = ['prometheus', 'csv', 'json'] as const;
type Format = (typeof FORMATS)[number];

interface ExportOptions {
  since?: number;
  until?: number;
  format?: Format;
  output?: string;
}

/** Of a period. */
const MOST_BUILDS = 10_000;

export const exportAll: Command<ExportOptions> = {
  name: 'export',
  summary: 'everything of a period, for other tools',
  description:
    'Links, owners, builds, steps and savings of a period, for other tools: as one JSON document, as a table in CSV with a ' +
    "row for each, or as Prometheus' text (counters since the daemon's start, no builds one by one).",
  options: [
    { flags: '--since <time>', description: 'an ISO 8601 time or an age (default 7d)', parse: parseSince },
    { flags: '--until <time>', description: 'an ISO 8601 time or an age (default now)', parse: parseSince },
    {
      flags: '--format <format>',
      description: 'prometheus, csv or json (default: by the name of the file, else json)',
      parse: parseFormat,
    },
    {
      flags: '-o, --output <file>',
      description: 'write it to a file instead of stdout, whole or not at all',
    },
  ],
  async run({ io, options }) {
    const period = reportPeriod(options, io.now(), io.timeZone);
    const format = options.json ? 'json' : (options.format ?? formatOf(options.output));
    const text = render(await everything(period, format, io, options), format);
    if (options.output === undefined) io.stdout.write(text);
    else await writeWhole(options.output, text);
    return 0;
  },
};

async function everything(
  { since, until }: ReportPeriod,
  format: Format,
  io: Io,
  options: ExportOptions & GlobalOptions,
): Promise<ExportDocument> {
  const timeZone = io.timeZone;
  const report = await ask(
    'report',
    { since, timeZone, ...(until === undefined ? {} : { until }) },
    io,
    options,
  );
  const builds = [];
  if (format !== 'prometheus') {
    const listed = (await ask('builds', { limit: MOST_BUILDS }, io, options)).builds;
    for (const { ref } of listed.filter((build) => beganIn(build, report))) {
      const { build, steps } = await ask('build', { ref }, io, options);
      builds.push({ build, steps });
    }
  }
  const status = until === undefined ? await statusSince(since, format, io, options) : null;
  return { schema: 1, since: report.since, until: report.until, status, report, builds };
}

/** What was stored is there without a daemon; counters are not. */
async function statusSince(
  since: number,
  format: Format,
  io: Io,
  options: GlobalOptions,
): Promise<StatusDocument | null> {
  // Prometheus adds up what counters do from one time to the next: theirs begin with the daemon.
  if (format === 'prometheus') return await ask('status', {}, io, options);
  return await ask('status', { since }, io, options).catch((error) => {
    if (error instanceof NetmeterError && error.code === 'daemon-not-running') return null;
    throw error;
  });
}

function beganIn({ startedAt }: BuildDocument, { since, until }: { since: string; until: string }): boolean {
  return startedAt !== null && startedAt >= since && startedAt < until;
}

function render(document: ExportDocument, format: Format): string {
  if (format === 'csv') return exportCsv(document);
  return format === 'prometheus' ? exportPrometheus(document) : `${JSON.stringify(document)}\n`;
}

function parseFormat(text: string): Format {
  const format = FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new NetmeterError('usage', `"${text}" is no format of an export`, {
    hint: 'Use prometheus, csv or json.',
  });
}

function formatOf(file: string | undefined): Format {
  const extension = extname(file ?? '').slice(1);
  return extension === 'prom' ? 'prometheus' : extension === 'csv' ? 'csv' : 'json';
}
