import { extname } from 'node:path';
import { NetmeterError } from '../../src/errors.js';
import type { ScheduleDocument } from '../../src/protocol/documents.js';
import { REPORT_FORMATS, type ReportFormat, renderReport } from '../../src/report/render/index.js';
import { escapeText } from '../../src/text/escape.js';
import { formatTime } from '../../src/text/figures.js';
import { ask } from '../ask.js';
import type { Command, GlobalOptions } from '../command.js';
import type { Io } from '../io.js';
import { parseSince } from '../parse.js';
import { type PeriodOptions, reportPeriod } from '../report-period.js';
import { isUtf8 } from '../ui/text/charset.js';
import { writeWhole } from '../write-whole.js';

interface ReportOptions extends PeriodOptions {
  schedule?: 'weekly' | 'off' | 'show';
  format?: ReportFormat;
  output?: string;
}

export const report: Command<ReportOptions> = {
  name: 'report',
  summary: 'what a period used and saved, by owner, link, day and step',
  description:
    'What a period used, by owner, link, day and step, and what caches and proxies saved of it. What is not known is printed as unknown and left out of sums, which say so.',
  options: [
    { flags: '--since <time>', description: 'an ISO 8601 time or an age (default 7d)', parse: parseSince },
    { flags: '--until <time>', description: 'an ISO 8601 time or an age (default now)', parse: parseSince },
    {
      flags: '--week [week]',
      description: 'a week from Monday to Sunday in your time zone: this, last, or a name such as 2026-W48',
    },
    {
      flags: '--format <format>',
      description: 'text, md, html or json (default: by the name of the file, else text)',
      parse: parseFormat,
    },
    {
      flags: '-o, --output <file>',
      description: 'write it to a file instead of stdout, whole or not at all',
    },
    {
      flags: '--schedule <when>',
      description:
        'weekly: have the daemon write the report of each week when it is over, and tell; off: no more; show: what is set',
      parse: parseSchedule,
    },
  ],
  async run({ io, options }) {
    if (options.schedule !== undefined) return schedule(options.schedule, io, options);
    const { since, until } = reportPeriod(options, io.now(), io.timeZone);
    const params = { since, timeZone: io.timeZone, ...(until === undefined ? {} : { until }) };
    const document = await ask('report', params, io, options);
    const format = options.json ? 'json' : (options.format ?? formatOf(options.output));
    // Block characters are for terminals that have them, and for files, which are read elsewhere.
    const ascii = options.output === undefined && !isUtf8(io.env);
    const text = renderReport(document, format, { width: io.stdout.columns, ascii });
    if (options.output === undefined) io.stdout.write(text);
    else await writeWhole(options.output, text);
    return 0;
  },
};

/** Of weeks in the asking user's time zone; HTML unless told. */
async function schedule(
  when: 'weekly' | 'off' | 'show',
  io: Io,
  options: ReportOptions & GlobalOptions,
): Promise<number> {
  if (options.since !== undefined || options.until !== undefined || options.week !== undefined) {
    throw new NetmeterError('usage', '--schedule writes whole weeks: it goes with no period');
  }
  if (options.output !== undefined) {
    throw new NetmeterError('usage', '--schedule writes into the state directory: it goes with no --output');
  }
  const params = { schedule: when, format: options.format ?? ('html' as const), timeZone: io.timeZone };
  const document = await ask('report-schedule', params, io, options);
  io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : `${scheduleText(document)}\n`);
  return 0;
}

function scheduleText({ schedule, format, timeZone, directory, nextAt }: ScheduleDocument): string {
  if (schedule === null) return 'No report is written without being asked for.';
  const next = formatTime(nextAt, timeZone ?? undefined);
  return `The report of each week is written to ${escapeText(directory)} as ${format}, next after ${next} (${timeZone}).`;
}

function parseSchedule(text: string): 'weekly' | 'off' | 'show' {
  if (text === 'weekly' || text === 'off' || text === 'show') return text;
  throw new NetmeterError('usage', `"${text}" is no schedule`, { hint: 'Use weekly, off or show.' });
}

function parseFormat(text: string): ReportFormat {
  const format = REPORT_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new NetmeterError('usage', `"${text}" is no report format`, { hint: 'Use text, md, html or json.' });
}

function formatOf(file: string | undefined): ReportFormat {
  const extension = extname(file ?? '').slice(1);
  if (extension === 'htm') return 'html';
  return REPORT_FORMATS.find((known) => known === extension) ?? 'text';
}
