import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Cleanup, eventually } from '../harness/index.js';

const run = promisify(execFile);

/** A real terminal in which a program runs: a tmux server of its own. */
export class TmuxTerminal {
  readonly #socket: string;

  /** @param command a shell command; `cleanup` ends it with its terminal */
  constructor(cleanup: Cleanup, name: string) {
    this.#socket = `netmeter-${name}-${process.pid}`;
    cleanup.defer(() => this.#tmux('kill-server').catch(() => {}));
  }

  async open(command: string, columns: number, rows: number): Promise<void> {
    await this.#tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), command);
  }

  /** What the terminal shows, its last empty lines left out. */
  async text(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p')).trimEnd();
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.#tmux('send-keys', key);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Waits until the terminal shows something, and returns all of it. */
  async shows(what: RegExp | ((text: string) => boolean), timeoutMs = 20_000): Promise<string> {
    const isThere = what instanceof RegExp ? (text: string) => what.test(text) : what;
    let last = '';
    try {
      return await eventually(`the terminal to show ${what}`, timeoutMs, async () => {
        last = await this.text();
        return isThere(last) ? last : undefined;
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}; it shows:\n${last}`);
    }
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-L', this.#socket, '-f', '/dev/null', ...args]);
    return stdout;
  }
}
