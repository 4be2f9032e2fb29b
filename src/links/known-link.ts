/** The memory of links. */
import type { Price } from '../budget/price.js';
import type { Bytes } from '../units.js';

/** What is remembered of a link, whether it is there or not. */
export interface KnownLink {
  name: string;
  /** The interface it was last reached by. */
  interface: string;
  /** As last judged; null: nobody could tell. */
  metered: boolean | null;
  because: string;
  /** The user's word; undefined: none, or `auto`. */
  user: boolean | undefined;
  price: Price | undefined;
  /** What one build may fetch before it is warned of; undefined: the default. */
  limitBytes: Bytes | undefined;
}

/**
 * What a build may fetch over a metered link before netmeter warns, and before `netmeter check` says no, unless
 * the user set another limit: a tenth of a gigabyte, which is a fiftieth of a common plan of 5 GB.
 */
export const DEFAULT_LIMIT_BYTES: Bytes = 100_000_000;
