import { formatPrice, parsePrice } from '../../src/budget/price.js';
import { parseSize } from '../../src/budget/size.js';
import { NetmeterError } from '../../src/errors.js';
import type { BudgetState, LinkDocument } from '../../src/protocol/documents.js';
import type { RequestParams } from '../../src/protocol/messages.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';
import { ask } from '../ask.js';
import type { Command } from '../command.js';

export const linkLs: Command = {
  name: 'link ls',
  summary: 'uplinks, and whether they are metered and why',
  async run({ io, options }) {
    const document = await ask('links', {}, io, options);
    io.stdout.write(
      options.json ? `${JSON.stringify(document)}\n` : linksText(document.links, io.stdout.columns),
    );
    return 0;
  },
};

type Wishes = Omit<RequestParams['link-set'], 'name'>;

interface SetOptions {
  metered?: Wishes['metered'];
  price?: Wishes['price'];
  limit?: Wishes['limitBytes'];
}

export const linkSet: Command<SetOptions> = {
  name: 'link set',
  summary: 'say whether an uplink is metered, and what it costs',
  description:
    'Says whether an uplink is metered, what data on it costs, and how much one build may fetch over it, while it ' +
    'is metered, before netmeter warns and `netmeter check` says no (100 MB unless set). Kept until it is set anew.',
  operands: [['<link>', 'its name or interface, as `netmeter link ls` prints them']],
  options: [
    {
      flags: '--metered <yes|no|auto>',
      description: 'your word, which counts before all others; auto takes it back',
      parse: parseMetered,
    },
    {
      flags: '--price <price>',
      description: 'such as 3.5/GB, "3.5 EUR/GB" or 0.01/MB; none takes it back',
      parse: (text) => (text === 'none' ? text : parsePrice(text)),
    },
    {
      flags: '--limit <amount>',
      description: 'of one build while the link is metered, such as 200MB; default takes it back',
      parse: (text) => (text === 'default' ? text : parseSize(text)),
    },
  ],
  async run({ io, args, options }) {
    const { metered, price, limit } = options;
    if (metered === undefined && price === undefined && limit === undefined) {
      throw new NetmeterError('usage', 'nothing to set', { hint: 'Use --metered, --price or --limit.' });
    }
    const params: RequestParams['link-set'] = {
      name: args[0] ?? '',
      ...(metered !== undefined && { metered }),
      ...(price !== undefined && { price }),
      ...(limit !== undefined && { limitBytes: limit }),
    };
    const document = await ask('link-set', params, io, options);
    io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : document.links.map(linkText).join('\n'));
    return 0;
  },
};

export function linksText(links: readonly LinkDocument[], width: number | undefined): string {
  if (links.length === 0) return 'No uplink has been seen yet.\n';
  const lines = table(
    [
      { title: 'LINK' },
      { title: 'INTERFACE' },
      { title: 'STATE' },
      { title: 'METERED' },
      { title: 'PRICE', align: 'right' },
      { title: 'BUDGET', align: 'right' },
      { title: 'WHY', flexible: true },
    ],
    links.map((link) => [
      link.name,
      link.interface,
      link.isDefault ? 'default' : link.present ? 'up' : 'away',
      meteredText(link.metered),
      link.price === null ? '-' : formatPrice(link.price),
      link.budget === null ? '-' : usedText(link.budget),
      link.meteredBecause,
    ]),
    width,
  );
  return `${lines.join('\n')}\n`;
}

export function meteredText(metered: boolean | null): string {
  return metered === null ? 'unknown' : metered ? 'yes' : 'no';
}

/** `1.9 GB of 5.00 GB (38 %)`. */
export function usedText({ usedBytes, limitBytes }: BudgetState): string {
  const percent = Math.floor((100 * usedBytes) / limitBytes);
  return `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)} (${percent} %)`;
}

function linkText(link: LinkDocument): string {
  const price = link.price === null ? '' : `, ${formatPrice(link.price)}`;
  const limit = link.metered === true ? `, ${formatBytes(link.limitBytes)} a build` : '';
  const because = escapeText(link.meteredBecause);
  return `${escapeText(link.name)}: metered ${meteredText(link.metered)} (${because})${price}${limit}\n`;
}

function parseMetered(text: string): string {
  if (text === 'yes' || text === 'no' || text === 'auto') return text;
  throw new NetmeterError('usage', `"${text}" is neither yes nor no nor auto`);
}
