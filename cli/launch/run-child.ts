import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { NetmeterError } from '../../src/errors.js';
import type { OnSignal } from '../io.js';
import { passThrough } from './pass-through.js';

export interface RunChildOptions {
  /** Keeps this process's stdout free for a document. */
  stdoutToStderr: boolean;
  onSignal: OnSignal;
  /** Sees what the command writes to stderr, on its way. Left out, the command has this process's own stderr. */
  seeStderr?: ((bytes: Uint8Array) => void) | undefined;
}

export interface ChildEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** What a shell would exit with: the exit code, or 128 and the signal's number. */
  status: number;
}

/** From a terminal the kernel sends these to the whole foreground process group, the child included. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * Starts a command with this process's streams and resolves when it ends. The process exists when this
 * function returns. Signals that this process gets are passed on.
 * @throws NetmeterError `command-not-found`, `permission-denied`
 */
export function runChild(command: readonly string[], options: RunChildOptions): Promise<ChildEnd> {
  const [file = '', ...args] = command;
  const stdout = options.stdoutToStderr ? 2 : 'inherit';
  const { seeStderr } = options;
  // Listened to before there is a command: what comes while it is started is told of when it has been.
  const started: { child?: ChildProcess } = {};
  const release = options.onSignal((signal) => {
    if (FROM_TERMINAL.includes(signal) && process.stdin.isTTY) return;
    started.child?.kill(signal);
  });
  const child = spawn(file, args, { stdio: ['inherit', stdout, seeStderr ? 'pipe' : 'inherit'] });
  started.child = child;
  const stderr = seeStderr && child.stderr && passThrough(child.stderr, process.stderr, seeStderr);
  const ended = new Promise<ChildEnd>((resolve, reject) => {
    child.once('error', (error) => reject(spawnError(file, error)));
    child.once('exit', (exitCode, signal) => {
      resolve({
        exitCode,
        signal,
        status: exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]),
      });
    });
  }).finally(release);
  return stderr ? stderr.finished(ended.catch(() => {})).then(() => ended) : ended;
}

function spawnError(file: string, cause: NodeJS.ErrnoException): NetmeterError {
  if (cause.code === 'ENOENT') {
    return new NetmeterError('command-not-found', `there is no command ${JSON.stringify(file)}`, { cause });
  }
  if (cause.code === 'EACCES') {
    return new NetmeterError('permission-denied', `${JSON.stringify(file)} may not be executed`, { cause });
  }
  return new NetmeterError('internal', `${JSON.stringify(file)} could not be started: ${cause.message}`, {
    cause,
  });
}
