/** Longer lines say nothing that is wanted: the longest that count hold one URL. */
const LONGEST_LINE = 1_024;
/** Colours, cursor moves, titles of windows (ECMA-48). */
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;

/**
 * Cuts one stream of output into lines. A carriage return ends a line as well: progress bars write over
 * themselves. Of a line that is too long, nothing is told.
 */
export class LogLines {
  #rest = '';
  #isTooLong = false;

  /** The lines that this piece completes, without escape sequences. */
  push(text: string): string[] {
    const pieces = text.split(/[\r\n]/);
    const lines: string[] = [];
    for (const [index, piece] of pieces.entries()) {
      this.#take(piece);
      if (index === pieces.length - 1) break;
      if (!this.#isTooLong && this.#rest !== '') lines.push(this.#rest.replace(ESCAPES, ''));
      this.#rest = '';
      this.#isTooLong = false;
    }
    return lines;
  }

  /** What is left at the end of the stream. */
  end(): string[] {
    return this.push('\n');
  }

  #take(piece: string): void {
    if (this.#isTooLong) return;
    if (this.#rest.length + piece.length > LONGEST_LINE) {
      this.#rest = '';
      this.#isTooLong = true;
      return;
    }
    this.#rest += piece;
  }
}
