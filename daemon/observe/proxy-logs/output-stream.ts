import type { Readable } from 'node:stream';
import { OutputFrames, type OutputLine } from '../docker/output-frames.js';

/** What waits to be taken; when it is more, the engine waits, too. */
const MOST_LINES = 5_000;
const MOST_CHARACTERS = 4 << 20;

/** What a container writes, line by line as somebody takes them. */
export class OutputStream {
  readonly #frames = new OutputFrames();
  readonly #ended = new AbortController();
  #readable: Readable | undefined;
  #waiting: OutputLine[] = [];
  #characters = 0;
  #isOver = false;
  #failure: unknown;

  /** @param open asks the engine; the signal ends what it gives */
  constructor(open: (signal: AbortSignal) => Promise<Readable>) {
    open(this.#ended.signal).then(
      (readable) => this.#read(readable),
      (error: unknown) => this.#end(error),
    );
  }

  /** Nothing more will come than what is waiting. */
  get isOver(): boolean {
    return this.#isOver && this.#waiting.length === 0;
  }

  /** Why it could not be opened or read on; undefined when the container ended it. */
  get failure(): unknown {
    return this.#failure;
  }

  take(most: number): OutputLine[] {
    const taken = this.#waiting.splice(0, most);
    this.#characters -= characters(taken);
    if (!this.#isFull) this.#readable?.resume();
    return taken;
  }

  get #isFull(): boolean {
    return this.#waiting.length >= MOST_LINES || this.#characters >= MOST_CHARACTERS;
  }

  close(): void {
    this.#waiting = [];
    this.#end(undefined);
    this.#ended.abort();
    this.#readable?.destroy();
  }

  #read(readable: Readable): void {
    this.#readable = readable;
    readable.on('error', (error) => this.#end(error));
    readable.on('close', () => this.#end(undefined));
    if (this.#isOver) {
      readable.destroy();
      return;
    }
    readable.on('data', (chunk: Buffer) => {
      try {
        const lines = this.#frames.push(chunk);
        this.#waiting.push(...lines);
        this.#characters += characters(lines);
      } catch (error) {
        this.#end(error);
        readable.destroy();
      }
      if (this.#isFull) readable.pause();
    });
  }

  #end(failure: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
  }
}

function characters(lines: readonly OutputLine[]): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0);
}
