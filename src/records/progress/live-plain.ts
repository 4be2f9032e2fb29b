/** A build of which only its client's `--progress=plain` tells, read while it is printed. */
import { MOST_TEXT } from '../../builds/limits.js';
import type { Build } from '../../builds/types.js';
import type { EpochMs } from '../../units.js';
import { PlainBuild, type PlainEnd } from './plain-build.js';
import { readPlainLine } from './plain-line.js';

/** What is beyond of a line is passed over: a command may print anything. */
const LONGEST_LINE = 65_536;

export class LivePlain {
  readonly #build = new PlainBuild();
  readonly #decoder = new TextDecoder();
  /** Of a line whose end has not come. */
  #rest = '';
  #changed = false;

  /** @param at when these bytes came */
  add(bytes: Uint8Array, at: EpochMs): void {
    const lines = this.#decoder.decode(bytes, { stream: true }).split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      this.#line(this.#rest + line, at);
      this.#rest = '';
    }
    if (this.#rest.length < LONGEST_LINE) this.#rest += last.slice(0, LONGEST_LINE);
  }

  /** No more comes; the last line may have no end. */
  end(at: EpochMs): void {
    this.#line(this.#rest, at);
    this.#rest = '';
  }

  /** Whether a line told something since the last call. */
  takeChange(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** Undefined as long as no step is known. */
  build(ref: string, end: PlainEnd, now: EpochMs): Build | undefined {
    if (this.#build.steps.size === 0) return undefined;
    return this.#build.recorded(ref, now, { end, longestName: MOST_TEXT }).build;
  }

  #line(raw: string, at: EpochMs): void {
    const { line } = readPlainLine(raw.slice(0, LONGEST_LINE));
    if (line.is === 'blank' || line.is === 'time' || line.is === 'other') return;
    // One command, one build: what looks like another is something that was printed.
    if (this.#build.isForeign(line)) return;
    this.#build.add(line, at);
    if (line.is !== 'output' && line.is !== 'paused') this.#changed = true;
  }
}
