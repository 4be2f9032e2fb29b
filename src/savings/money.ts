import { type Bytes, type Transfer, totalBytes } from '../units.js';
import type { LinkPrices } from './types.js';

const GIGABYTE = 1e9;

/** Bytes that a step's links would have carried. */
export interface SavedOnLink {
  /** The link that would have been crossed; undefined where nobody knows. */
  link: string | undefined;
  bytes: Bytes;
}

export interface Money {
  currency: string;
  spent: number;
  /** Undefined where something was saved on a link that nobody knows. */
  saved: number | undefined;
}

/**
 * What the links' bytes cost, and what the saved ones would have: by the price of the link that would have
 * been crossed, so that a byte saved at home saves nothing. Undefined when no link has a price.
 */
export function moneyOf(
  links: readonly { name: string; transfer: Transfer }[],
  saved: readonly SavedOnLink[],
  { priceOf }: Pick<LinkPrices, 'priceOf'>,
): Money[] | undefined {
  const sums = new Map<string, { spent: number; saved: number }>();
  const add = (link: string, of: 'spent' | 'saved', bytes: Bytes) => {
    const price = priceOf(link);
    if (price === undefined) return;
    const sum = sums.get(price.currency) ?? { spent: 0, saved: 0 };
    sum[of] += (bytes / GIGABYTE) * price.perGigabyte;
    sums.set(price.currency, sum);
  };
  for (const { name, transfer } of links) add(name, 'spent', totalBytes(transfer));
  for (const { link, bytes } of saved) if (link !== undefined) add(link, 'saved', bytes);
  if (sums.size === 0) return undefined;
  const isUnsure = saved.some(({ link, bytes }) => link === undefined && bytes !== 0);
  return [...sums].map(([currency, sum]) => ({
    currency,
    spent: sum.spent,
    saved: isUnsure ? undefined : sum.saved,
  }));
}
