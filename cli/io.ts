import type { DaemonProgram } from './client/daemon-program.js';

/** Everything of the outside that a command may touch, as one value, so that tests can hand in their own. */
export interface Io {
  stdout: Output;
  stderr: Output;
  env: Readonly<Record<string, string | undefined>>;
  uid: number;
  pid: number;
  cwd: string;
  /** Where the daemon's programs are, to start them. */
  daemonProgram: DaemonProgram;
  /** Wall clock, epoch milliseconds. */
  now(): number;
  /** IANA time zone of the user. */
  timeZone: string;
  /** Aborted by the first SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** Takes all signals over, also a second one, until the returned function is called. */
  onSignal: OnSignal;
  /** Undefined where input or output is no terminal, or one that can do nothing. */
  terminal: Terminal | undefined;
}

/** The terminal that a full-screen view has for itself. */
export interface Terminal {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
  /** Called when the process ends without having been told to. Returns the function that forgets it. */
  onExit(listener: () => void): () => void;
}

export type OnSignal = (listener: (signal: NodeJS.Signals) => void) => () => void;

export interface Output {
  write(text: string): void;
  isTerminal: boolean;
  /** Width in cells; undefined when it is no terminal. */
  columns: number | undefined;
  colors: boolean;
}
