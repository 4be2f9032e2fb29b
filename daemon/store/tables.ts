/** The two families of tables, and the levels of rows in each. */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How long rows of a level are kept before they are only part of a coarser one. */
export const KEEP_SECONDS = DAY;
export const KEEP_MINUTES = 31 * DAY;
export const KEEP_HOURS = 731 * DAY;

export type Level = 'seconds' | 'minutes' | 'hours' | 'days';

export interface Family {
  /** Prefix of its four tables, `<name>_<level>`. */
  name: 'traffic' | 'link';
  /** Column that, with `ended_at`, is the key. */
  key: 'series' | 'link';
  /** Columns that are added up. */
  sums: readonly string[];
}

const TRAFFIC = ['rx_bytes', 'tx_bytes', 'rx_packets', 'tx_packets'] as const;

export const traffic: Family = { name: 'traffic', key: 'series', sums: TRAFFIC };
export const link: Family = { name: 'link', key: 'link', sums: [...TRAFFIC, 'tx_dropped'] };

/** All columns, in the order that inserts give them. */
export function columns({ key, sums }: Family): string {
  return ['ended_at', key, 'began_at', ...sums].join(', ');
}

/** `SUM(a) AS a, SUM(b) AS b`: unknown (NULL) when it is so in every row. */
export function summed({ sums }: Pick<Family, 'sums'>, table?: string): string {
  const prefix = table === undefined ? '' : `${table}.`;
  return sums.map((column) => `SUM(${prefix}${column}) AS ${column}`).join(', ');
}

/** What an insert does when the row is there already: adds to it. What is unknown adds nothing. */
export function addOnConflict({ key, sums }: Family): string {
  const added = sums.map((column) =>
    column === 'tx_dropped'
      ? 'tx_dropped = coalesce(tx_dropped + excluded.tx_dropped, tx_dropped, excluded.tx_dropped)'
      : `${column} = ${column} + excluded.${column}`,
  );
  return `ON CONFLICT (ended_at, ${key}) DO UPDATE SET began_at = min(began_at, excluded.began_at), ${added.join(', ')}`;
}

/** The end of the bucket that an instant falls into, as SQL over whole numbers. */
export function bucketEnd(instant: string, unit: number): string {
  return `(${instant} + ${unit - 1}) / ${unit} * ${unit}`;
}
