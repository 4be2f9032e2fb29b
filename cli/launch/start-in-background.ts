/** launch: starts the daemon and waits until it meters, runs it in place, stops it. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetmeterError } from '../../src/errors.js';
import type { LaunchReport, Readiness } from '../../src/protocol/launch.js';
import type { Place } from '../../src/protocol/paths.js';
import { fromWireError } from '../../src/protocol/wire-error.js';
import type { DaemonProgram } from '../client/daemon-program.js';

export interface StartOptions {
  program: DaemonProgram;
  place: Place;
  /** From `daemonArguments`. */
  args: readonly string[];
  /** When it is aborted, the daemon that does not meter yet is stopped. */
  signal: AbortSignal;
  /** How long it may take until it meters, default 2 minutes: a large database is checked after a crash. */
  timeoutMs?: number;
}

export type StartOutcome =
  | { state: 'started'; pid: number; version: string; ready: Readiness }
  | { state: 'already-running'; pid: number | undefined };

const TIMEOUT_MS = 120_000;
/** For a daemon that is told to end before it meters. */
const KILL_AFTER_MS = 10_000;
const MAX_CAPTURED = 65_536;
/** What a dead daemon said is on its way through the pipe. */
const LAST_WORDS_MS = 500;

/**
 * Starts the daemon in a session of its own and resolves when it meters.
 * @throws NetmeterError what the daemon said, with its code; `daemon-start-failed` when it died without a word
 */
export async function startInBackground(options: StartOptions): Promise<StartOutcome> {
  const { program, args, signal, timeoutMs = TIMEOUT_MS } = options;
  signal.throwIfAborted();
  const child = spawn(process.execPath, [...program.nodeArgs, program.main, ...args, '--report-fd', '3'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(by === null ? `exit code ${code}` : `killed by ${by}`));
  });
  const stderr = collect(child.stderr as Readable);
  const report = collect(child.stdio[3] as Readable);
  const late = sleep(timeoutMs, 'late' as const, { ref: false });
  const aborted = new Promise<'aborted'>((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  const dead = exited.then(() => Promise.race([report.firstLine, sleep(LAST_WORDS_MS)]));
  const first = await Promise.race([report.firstLine, dead, late, aborted]);
  if (first === 'late' || first === 'aborted') {
    await end(child, exited);
    throw gaveUp(first, timeoutMs, options.place);
  }
  const said = parseReport(report.text());
  if (said === undefined) {
    const how = await exited;
    throw new NetmeterError('daemon-start-failed', diedSilently(how, stderr.text()), {
      hint: `Its log may say more: ${options.place.logFile}`,
    });
  }
  if (said.ok) {
    letGo(child);
    return { state: 'started', pid: said.pid, version: said.version, ready: said.ready };
  }
  await exited;
  if (said.error.code === 'daemon-already-running' && said.runningPid !== null) {
    return { state: 'already-running', pid: said.runningPid };
  }
  throw fromWireError(said.error);
}

function parseReport(text: string): LaunchReport | undefined {
  try {
    return JSON.parse(text) as LaunchReport;
  } catch {
    return undefined;
  }
}

/** Nothing of it keeps this process alive any longer. */
function letGo(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
  child.unref();
}

/** Asks it to end, and makes it after a while. */
async function end(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.kill('SIGTERM');
  const isLate = await Promise.race([exited.then(() => false), sleep(KILL_AFTER_MS, true, { ref: false })]);
  if (isLate) child.kill('SIGKILL');
  await exited;
}

function gaveUp(why: 'late' | 'aborted', timeoutMs: number, place: Place): NetmeterError {
  if (why === 'aborted') return new NetmeterError('daemon-start-failed', 'the start was interrupted');
  return new NetmeterError(
    'daemon-start-failed',
    `the daemon did not begin to meter within ${timeoutMs / 1000} s and was stopped`,
    { hint: `See what it waited for: ${place.logFile}` },
  );
}

/** The last line that is no stack frame usually is the one that says it. */
function diedSilently(how: string, stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/^\s+at |^Node\.js v/.test(line));
  const said = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
  return `the daemon ended before it metered (${how})${said === undefined ? '' : `: ${said}`}`;
}

function collect(stream: Readable): { text(): string; firstLine: Promise<void> } {
  let text = '';
  stream.setEncoding('utf8');
  const firstLine = new Promise<void>((resolve) => {
    stream.on('data', (chunk: string) => {
      if (text.length < MAX_CAPTURED) text += chunk;
      if (text.includes('\n')) resolve();
    });
    stream.once('close', resolve);
    stream.once('error', () => resolve());
  });
  return { text: () => text, firstLine };
}
