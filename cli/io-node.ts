/** The real Io: this process's streams, environment, clock and signals. Only main.ts makes one. */
import type { Io, Output } from './io.js';

export function nodeIo(signal: AbortSignal): Io {
  const env = process.env;
  return {
    stdout: output(process.stdout, env),
    stderr: output(process.stderr, env),
    env,
    uid: process.getuid?.() ?? 0,
    now: () => Date.now(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    signal,
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
