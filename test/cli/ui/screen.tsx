/** Whole screens as text: the live view in Ink, in a terminal of any size, with keys pressed. */
import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { render } from 'ink';
import * as assert from 'uvu/assert';
import { App } from '../../../cli/ui/components/App.js';
import type { LiveSource } from '../../../cli/ui/live-source.js';
import type { Wishes } from '../../../cli/ui/questions.js';
import { FullScreen } from '../../../cli/ui/terminal/full-screen.js';
import type { Theme } from '../../../cli/ui/text/styled.js';
import type { LiveView } from '../../../src/live/types.js';

const GOLDEN = fileURLToPath(new URL('../../golden/ui/', import.meta.url));

export const KEYS = {
  up: '\u001b[A',
  down: '\u001b[B',
  left: '\u001b[D',
  right: '\u001b[C',
  pageUp: '\u001b[5~',
  pageDown: '\u001b[6~',
  enter: '\r',
  escape: '\u001b',
  tab: '\t',
  backTab: '\u001b[Z',
  backspace: '\u007f',
  interrupt: '\u0003',
};

/** A source whose view the test sets. */
class SetSource implements LiveSource {
  view: LiveView;
  wishes: Wishes[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(view: LiveView) {
    this.view = view;
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly current = () => this.view;
  readonly want = (wishes: Wishes) => {
    this.wishes.push(wishes);
  };

  set(view: LiveView): void {
    this.view = view;
    for (const listener of this.#listeners) listener();
  }
}

/** Standard input of a terminal, as far as Ink uses it. */
class Keyboard extends EventEmitter {
  readonly isTTY = true;
  #waiting: string[] = [];
  setEncoding() {}
  setRawMode() {}
  ref() {}
  unref() {}
  pause() {}
  read(): string | null {
    return this.#waiting.shift() ?? null;
  }
  press(keys: string) {
    this.#waiting.push(keys);
    this.emit('readable');
  }
}

/** What a terminal of a size shows of what was written to it: absolute positions and erased ends of lines. */
export class Glass extends EventEmitter {
  columns: number;
  rows: number;
  /** Every write, as it came. */
  readonly writes: string[] = [];
  #lines: string[] = [];

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): boolean {
    this.writes.push(text);
    // biome-ignore lint/complexity/useRegexLiterals: control characters are easier to read in a string
    const parts = text.split(new RegExp('\u001b\\[(\\d+);1H'));
    if (text.includes('\u001b[2J')) this.#lines = [];
    for (let i = 1; i < parts.length; i += 2) {
      // biome-ignore lint/complexity/useRegexLiterals: as above
      const shown = parts[i + 1]!.replace(new RegExp('\u001b\\[[?\\d;]*[A-Za-z]', 'g'), '');
      this.#lines[Number(parts[i]) - 1] = shown;
    }
    return true;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  text(): string {
    return `${Array.from(this.#lines, (line) => (line ?? '').trimEnd())
      .join('\n')
      .trimEnd()}\n`;
  }
}

export interface ScreenOptions {
  columns?: number;
  rows?: number;
  theme?: Partial<Theme>;
}

export interface TestScreen {
  source: SetSource;
  glass: Glass;
  /** Presses keys one after the other and lets the screen follow. */
  press(...keys: string[]): Promise<void>;
  text(): string;
  quits: number;
  close(): void;
}

export function openScreen(view: LiveView, options: ScreenOptions = {}): TestScreen {
  const { columns = 80, rows = 24, theme = {} } = options;
  const source = new SetSource(view);
  const glass = new Glass(columns, rows);
  const screen = new FullScreen(glass);
  const keyboard = new Keyboard();
  screen.open();
  const opened: TestScreen = {
    source,
    glass,
    press: async (...keys) => {
      for (const key of keys) {
        keyboard.press(key);
        // A lone Escape may be the beginning of more: it counts a moment later.
        await new Promise((resolve) => setTimeout(resolve, key === KEYS.escape ? 40 : 0));
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
    text: () => glass.text(),
    quits: 0,
    close: () => {
      screen.close();
      instance.unmount();
    },
  };
  const instance = render(
    <App
      source={source}
      paper={{ theme: { colors: false, ascii: false, ...theme }, book: screen.book }}
      timeZone="UTC"
      onQuit={() => {
        opened.quits += 1;
      }}
    />,
    {
      stdout: screen as unknown as NodeJS.WriteStream,
      stdin: keyboard as unknown as NodeJS.ReadStream,
      debug: true,
      exitOnCtrlC: false,
      patchConsole: false,
    },
  );
  return opened;
}

/** Holds a screen against the one that was looked at and kept. UPDATE_GOLDEN=1 keeps this one instead. */
export function assertScreen(name: string, text: string): void {
  const file = join(GOLDEN, `${name}.txt`);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.fixture(text, readFileSync(file, 'utf8'), name);
}
