/** Code points of private use: no text that is laid out by Ink has any other meaning for them. */
const FIRST = 0xe000;
const COUNT = 0x1900;

/**
 * Lines under signs of one character. Ink works on every character of a frame, with every frame; so it is
 * given the signs, and what they stand for is put in their place when its frame is painted.
 */
export class LineBook {
  readonly #signs = new Map<string, string>();
  readonly #texts = new Map<string, string>();
  #onScreen: ReadonlySet<string> = new Set();
  #next = 0;

  /** The sign for a text, the same one for the same text. */
  sign(text: string): string {
    const known = this.#signs.get(text);
    if (known !== undefined) return known;
    const sign = this.#free();
    const before = this.#texts.get(sign);
    if (before !== undefined) this.#signs.delete(before);
    this.#signs.set(text, sign);
    this.#texts.set(sign, text);
    return sign;
  }

  /** The lines of a frame of signs. From then on these signs are on the screen, and keep their texts. */
  lines(frame: string): string[] {
    const signs = frame.split('\n').map((line) => line.trim());
    this.#onScreen = new Set(signs);
    return signs.map((sign) => this.#texts.get(sign) ?? '');
  }

  #free(): string {
    for (;;) {
      const sign = String.fromCodePoint(FIRST + this.#next);
      this.#next = (this.#next + 1) % COUNT;
      if (!this.#onScreen.has(sign)) return sign;
    }
  }
}
