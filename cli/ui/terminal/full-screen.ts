import { EventEmitter } from 'node:events';
import { LineBook } from './line-book.js';
import { paint } from './paint.js';

const ESC = '\u001b[';
/** The other screen, no cursor, no wrapping: a character that is wider than thought moves nothing. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`;
const LEAVE = `${ESC}0m${ESC}?7h${ESC}?25h${ESC}?1049l`;
const CLEAR = `${ESC}0m${ESC}2J`;

/** What is used of a terminal's stream. */
export interface TerminalOutput {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/**
 * The whole terminal as a stream for Ink in its debug mode, in which it writes each frame whole: what
 * differs from the last frame is what reaches the terminal. No terminal to Ink itself, so that it sends no
 * control sequences of its own.
 */
export class FullScreen extends EventEmitter {
  readonly isTTY = false;
  readonly book = new LineBook();
  readonly #output: TerminalOutput;
  #lines: string[] = [];
  #isOpen = false;

  constructor(output: TerminalOutput) {
    super();
    this.#output = output;
  }

  get columns(): number {
    return this.#output.columns || 80;
  }

  get rows(): number {
    return this.#output.rows || 24;
  }

  open(): void {
    this.#isOpen = true;
    this.#output.write(ENTER);
    this.#output.on('resize', this.#resized);
  }

  /** Leaves the terminal as it was found. A second time does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#output.off('resize', this.#resized);
    this.#output.write(LEAVE);
  }

  write(frame: string, done?: () => void): boolean {
    if (this.#isOpen && frame !== '') this.#paint(this.book.lines(frame).slice(0, this.rows));
    done?.();
    return true;
  }

  #paint(lines: string[]): void {
    const changes = paint(this.#lines, lines, this.columns);
    this.#lines = lines;
    if (changes !== '') this.#output.write(changes);
  }

  readonly #resized = (): void => {
    this.#lines = [];
    this.#output.write(CLEAR);
    this.emit('resize');
  };
}
