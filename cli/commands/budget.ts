import { localDateOf, requireTimeZone } from '../../src/budget/local-date.js';
import { parseCycle } from '../../src/budget/parse-cycle.js';
import { parseSize, parseSizeOrNone } from '../../src/budget/size.js';
import { NetmeterError } from '../../src/errors.js';
import type { BudgetsDocument } from '../../src/protocol/documents.js';
import { formatBytes, formatTime } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';
import { usedText } from './link.js';

export const budgetLs: Command = {
  name: 'budget ls',
  summary: 'budgets, what is left of them, and whether they will last',
  async run({ io, options }) {
    const document = await ask('budgets', {}, io, options);
    io.stdout.write(
      options.json ? `${JSON.stringify(document)}\n` : budgetsText(document.budgets, io.stdout.columns),
    );
    return 0;
  },
};

interface SetOptions {
  cycle?: string;
  day?: string;
  from?: string;
  expires?: string;
  used?: number;
  timeZone?: string;
}

export const budgetSet: Command<SetOptions> = {
  name: 'budget set',
  summary: 'how much data a link may carry per billing cycle',
  description:
    'How much data a link may carry per billing cycle. GB is 1000³ bytes, as carriers count; GiB is 1024³. ' +
    'netmeter warns at 50, 80 and 95 % of it, and when it will not last at the present pace.',
  operands: [
    ['<link>', 'its name or interface, as `netmeter link ls` prints them'],
    ['<amount>', 'such as 5GB or 500MB'],
  ],
  options: [
    { flags: '--cycle <cycle>', description: 'monthly (the default), weekly, once, or days such as 30d' },
    {
      flags: '--day <day>',
      description:
        'of the month, 1 to 31 (a shorter month: its last day), or of the week: the first of a cycle',
    },
    { flags: '--from <date>', description: 'the first date of a cycle of days, or of once (default today)' },
    { flags: '--expires <date>', description: 'the last date of once' },
    {
      flags: '--used <amount>',
      description: 'what the carrier says has been used in this cycle so far',
      parse: parseSizeOrNone,
    },
    {
      flags: '--time-zone <name>',
      description: 'whose midnight counts (default: yours)',
      parse: requireTimeZone,
    },
  ],
  async run({ io, args, options }) {
    const [link = '', amount = ''] = args;
    const timeZone = options.timeZone ?? io.timeZone;
    const limitBytes = parseSize(amount);
    const cycle = parseCycle(options, localDateOf(io.now(), timeZone));
    const used = options.used === undefined ? {} : { usedBytes: options.used };
    const document = await ask('budget-set', { link, limitBytes, cycle, timeZone, ...used }, io, options);
    io.stdout.write(
      options.json ? `${JSON.stringify(document)}\n` : budgetsText(document.budgets, io.stdout.columns),
    );
    return 0;
  },
};

export const budgetRm: Command = {
  name: 'budget rm',
  summary: 'remove the budget of a link',
  operands: [['<link>', 'as `netmeter budget ls` prints it']],
  async run({ io, args, options }) {
    const [link] = args;
    if (link === undefined) throw new NetmeterError('usage', 'name a link');
    const document = await ask('budget-rm', { link }, io, options);
    if (options.json) io.stdout.write(`${JSON.stringify(document)}\n`);
    return 0;
  },
};

export function budgetsText(budgets: BudgetsDocument['budgets'], width: number | undefined): string {
  if (budgets.length === 0)
    return 'No budgets. Set one: netmeter budget set LINK 5GB --cycle monthly --day 1\n';
  const lines = table(
    [
      { title: 'LINK', flexible: true },
      { title: 'USED', align: 'right' },
      { title: 'LEFT', align: 'right' },
      { title: 'UNTIL' },
      { title: 'FORECAST', align: 'right' },
      { title: 'USED UP' },
      { title: 'CYCLE' },
    ],
    budgets.map(({ link, cycle, timeZone, limitBytes, state }) =>
      state === null
        ? [link, `- of ${formatBytes(limitBytes)}`, '-', 'no cycle now', '-', '-', cycle]
        : [
            link,
            usedText(state),
            formatBytes(state.remainingBytes),
            formatTime(state.cycleEnd, timeZone),
            forecastText(state),
            state.runsOutAt === null ? '-' : formatTime(state.runsOutAt, timeZone),
            cycle,
          ],
    ),
    width,
  );
  return `${lines.join('\n')}\n`;
}

function forecastText({
  forecastBytes,
  forecastBasis,
}: {
  forecastBytes: number | null;
  forecastBasis: string | null;
}) {
  return forecastBytes === null ? 'unknown' : `${formatBytes(forecastBytes)} (${forecastBasis})`;
}
