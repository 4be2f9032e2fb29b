/**
 * What a container wrote, as the engine sends it with times (`GET /containers/ID/logs?timestamps=1`): frames of eight
 * bytes and a payload, one a line (https://docs.docker.com/reference/api/engine, "Stream format"), or bare lines where
 * the container has a terminal.
 */

export interface OutputLine {
  /** Of the engine's clock: RFC 3339 in UTC with nine digits behind the point, so that times compare as texts. */
  time: string;
  text: string;
}

/** Engines cut lines of programs into messages of 16 KiB. */
const LONGEST_PAYLOAD = 1 << 20;
const HEADER = 8;
const NEWLINE = 0x0a;
const LONGEST_TEXT = 65_536;
const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (.*)$/s;

export class OutputFrames {
  #rest: Buffer = Buffer.alloc(0);
  #isBare: boolean | undefined;
  /** Within a line that came in several messages. */
  #isCut = false;

  /**
   * Whole lines; what has no time, and lines of several messages, are left out.
   * @throws RangeError for a frame that claims more than any message has
   */
  push(chunk: Buffer): OutputLine[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    // A time begins with a digit, a frame with the number of its stream.
    if (bytes.length > 0) this.#isBare ??= bytes[0]! > 2;
    return this.#isBare ? this.#bareLines(bytes) : this.#framedLines(bytes);
  }

  #framedLines(bytes: Buffer): OutputLine[] {
    const lines: OutputLine[] = [];
    let at = 0;
    while (at + HEADER <= bytes.length) {
      const length = bytes.readUInt32BE(at + 4);
      if (length > LONGEST_PAYLOAD) throw new RangeError(`a message of ${length} bytes`);
      const end = at + HEADER + length;
      if (end > bytes.length) break;
      const isWhole = length > 0 && bytes[end - 1] === NEWLINE;
      if (isWhole && !this.#isCut) lines.push(...lineOf(bytes.toString('utf8', at + HEADER, end - 1)));
      this.#isCut = !isWhole;
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return lines;
  }

  #bareLines(bytes: Buffer): OutputLine[] {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.#rest = bytes.subarray(end);
    if (this.#rest.length > LONGEST_PAYLOAD) throw new RangeError('a line without an end');
    return bytes.toString('utf8', 0, end).split('\n').flatMap(lineOf);
  }
}

function lineOf(text: string): OutputLine[] {
  const match = LINE.exec(text);
  if (match === null || Number.isNaN(Date.parse(match[1]!))) return [];
  return [{ time: match[1]!, text: match[2]!.slice(0, LONGEST_TEXT) }];
}
