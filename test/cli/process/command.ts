/** The command line as a process of its own, as a shell starts it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const ENTRY = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcessWithoutNullStreams;
  /** What it wrote so far. */
  stdout(): string;
  ended: Promise<Ended>;
}

/** The words with which a shell runs it. */
export function words(argv: readonly string[]): [string, ...string[]] {
  return [process.execPath, '--import', TSX, ENTRY, ...argv];
}

export function startCommand(argv: readonly string[], env: Readonly<Record<string, string>>): Running {
  return startProgram(words(argv), env);
}

export function startProgram(
  [file, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Running {
  const child = spawn(file, args, { env: { ...process.env, ...env } });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...written }) as Ended);
  return { child, stdout: () => written.stdout, ended };
}

/** Runs it to its end, without input. */
export function runCommand(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const running = startCommand(argv, env);
  running.child.stdin.end();
  return running.ended;
}
