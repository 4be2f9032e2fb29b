/**
 * Splits whole numbers by fixed shares, one after another. Every part is a whole number and the parts of a
 * number add up to it; what rounding gave too much or too little is carried to the next number, so that
 * the sums of the parts stay within a few units of their exact shares however many numbers are split.
 */
export class Apportioner {
  readonly #shares: readonly number[];
  readonly #owed: number[];

  /** @param shares not negative, with the sum 1 */
  constructor(shares: readonly number[]) {
    this.#shares = shares;
    this.#owed = shares.map(() => 0);
  }

  /** @param amount a whole number, not negative */
  split(amount: number): number[] {
    const exact = this.#shares.map((share, place) => amount * share + this.#owed[place]!);
    const parts = exact.map((value) => Math.max(0, Math.floor(value)));
    let rest = amount - parts.reduce((sum, part) => sum + part, 0);
    for (; rest > 0; rest--) parts[this.#furthest(exact, parts, 1)]!++;
    for (; rest < 0; rest++) parts[this.#furthest(exact, parts, -1)]!--;
    for (const [place, part] of parts.entries()) this.#owed[place] = exact[place]! - part;
    return parts;
  }

  /** The part that is furthest below (`side` 1) or above (-1) its exact value and may be moved towards it. */
  #furthest(exact: number[], parts: number[], side: 1 | -1): number {
    let best = -1;
    for (const [place, part] of parts.entries()) {
      const movable = side === 1 ? this.#shares[place]! > 0 : part > 0;
      if (!movable) continue;
      if (best < 0 || side * (exact[place]! - part) > side * (exact[best]! - parts[best]!)) best = place;
    }
    return best;
  }
}
