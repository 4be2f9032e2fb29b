/** The real Io: this process's streams, environment, clock and signals. Only main.ts makes one. */
import { isatty } from 'node:tty';
import { daemonProgram } from './client/daemon-program.js';
import type { Io, OnSignal, Output, Terminal } from './io.js';

export function nodeIo(entryUrl: string, signal: AbortSignal, onSignal: OnSignal): Io {
  const env = process.env;
  return {
    stdout: output(process.stdout, env),
    stderr: output(process.stderr, env),
    env,
    uid: process.getuid?.() ?? 0,
    pid: process.pid,
    cwd: process.cwd(),
    daemonProgram: daemonProgram(entryUrl, process.execArgv),
    now: () => Date.now(),
    // Looked up when somebody asks: most commands show local times, which need no name.
    get timeZone() {
      return Intl.DateTimeFormat().resolvedOptions().timeZone;
    },
    signal,
    onSignal,
    terminal: terminal(env),
  };
}

function terminal(env: NodeJS.ProcessEnv): Terminal | undefined {
  // Looked at before the streams are: standard input is opened by that.
  if (env.TERM === 'dumb' || !isatty(0) || !isatty(1)) return undefined;
  return {
    get input() {
      return process.stdin;
    },
    output: process.stdout,
    onExit: (listener) => {
      // Before an error is printed: it would be printed on the screen that is left.
      process.on('uncaughtExceptionMonitor', listener);
      process.on('exit', listener);
      return () => {
        process.off('uncaughtExceptionMonitor', listener);
        process.off('exit', listener);
      };
    },
  };
}

function output(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Output {
  const isTerminal = stream.isTTY === true;
  return {
    write: (text) => {
      stream.write(text);
    },
    isTerminal,
    columns: isTerminal ? stream.columns : undefined,
    colors: isTerminal && !env.NO_COLOR && env.TERM !== 'dumb',
  };
}
