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
}

export type OnSignal = (listener: (signal: NodeJS.Signals) => void) => () => void;

export interface Output {
  write(text: string): void;
  isTerminal: boolean;
  /** Width in cells; undefined when it is no terminal. */
  columns: number | undefined;
  colors: boolean;
}
