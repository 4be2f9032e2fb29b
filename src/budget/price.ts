/** What data costs on a link. */
import { NetmeterError } from '../errors.js';
import { bytesOfUnit } from '../text/data-units.js';

export interface Price {
  /** Per 1000³ bytes, in `currency`. */
  perGigabyte: number;
  /** ISO 4217; `XXX`, its code for none, where none was said. */
  currency: string;
}

export const NO_CURRENCY = 'XXX';
const SYMBOLS: Readonly<Record<string, string>> = { '€': 'EUR', $: 'USD', '£': 'GBP', '¥': 'JPY' };
const GB = 1e9;
/** Satellite phones cost some thousands per GB. */
const MOST_PER_GB = 1_000_000;
const HINT = 'Prices look like 3.5/GB, "3.5 EUR/GB", €3.5/GB or 0.01/MB.';

/**
 * `3.5/GB`, `3.5 EUR/GB`, `€3.5/GB`, `0.01USD/MB`. Nothing may be free: `0/GB`.
 * @throws NetmeterError `usage`
 */
export function parsePrice(text: string): Price {
  const match =
    /^(?<before>[€$£¥]|[a-z]{3})?\s*(?<amount>\d{1,9}(?:\.\d{1,9})?)\s*(?<after>[€$£¥]|[a-z]{3})?\s*\/\s*(?<unit>[a-z]{2,3})$/i.exec(
      text.trim(),
    );
  const { before, amount, after, unit } = match?.groups ?? {};
  const perUnit = bytesOfUnit(unit ?? '');
  if (perUnit === undefined || (before !== undefined && after !== undefined)) {
    throw new NetmeterError('usage', `"${text}" is no price`, { hint: HINT });
  }
  const perGigabyte = (Number(amount) * GB) / perUnit;
  if (perGigabyte > MOST_PER_GB) {
    throw new NetmeterError('usage', `"${text}" is more than ${MOST_PER_GB} per GB`, { hint: HINT });
  }
  return { perGigabyte, currency: currencyOf(before ?? after) };
}

/** `3.5 EUR/GB`, or `3.5/GB` without a currency. */
export function formatPrice({ perGigabyte, currency }: Price): string {
  const amount = String(Number(perGigabyte.toPrecision(6)));
  return currency === NO_CURRENCY ? `${amount}/GB` : `${amount} ${currency}/GB`;
}

function currencyOf(text: string | undefined): string {
  if (text === undefined) return NO_CURRENCY;
  return SYMBOLS[text] ?? text.toUpperCase();
}
