/** The real Io: this process's streams, environment, clock and signals. Only main.ts makes one. */
import { daemonProgram } from './client/daemon-program.js';
import type { Io, OnSignal, Output } from './io.js';

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
