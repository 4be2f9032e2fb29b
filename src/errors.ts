/**
 * Every failure that a person can do something about. `code` is stable and documented in docs/errors.md;
 * scripts may match on it. `message` names what was wrong and where, `hint` what to do about it.
 */
export type ErrorCode =
  | 'usage'
  | 'daemon-not-running'
  | 'daemon-already-running'
  | 'daemon-start-failed'
  | 'daemon-stuck'
  | 'protocol-mismatch'
  | 'permission-denied'
  | 'not-found'
  | 'ambiguous'
  | 'cache-in-use'
  | 'not-confirmed'
  | 'docker-failed'
  | 'baseline-not-cold'
  | 'socket-path-too-long'
  | 'state-dir-unusable'
  | 'state-dir-full'
  | 'database-locked'
  | 'database-damaged'
  | 'database-newer'
  | 'database-older'
  | 'engine-unreachable'
  | 'engine-nonsense'
  | 'engine-unsupported'
  | 'bpf-unavailable'
  | 'bpffs-unavailable'
  | 'bpffs-read-only'
  | 'bpf-load-failed'
  | 'cgroup2-missing'
  | 'syscall-failed'
  | 'system-unsupported'
  | 'koffi-missing'
  | 'link-missing'
  | 'command-not-found'
  | 'notifier-missing'
  | 'unreadable-input'
  | 'output-unwritable'
  | 'internal';

/** Exit codes of the command line, by error code; everything else is 1. */
const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  usage: 2,
  ambiguous: 2,
  'not-confirmed': 2,
  'daemon-not-running': 3,
  'permission-denied': 4,
  'database-damaged': 5,
  'database-newer': 5,
  'database-older': 5,
  'unreadable-input': 5,
  'engine-nonsense': 5,
};

export interface ErrorDetails {
  /** What the reader can do: usually a command to type. */
  hint?: string;
  cause?: unknown;
}

export class NetmeterError extends Error {
  /** By name: each bundle of the command line has a copy of this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'NetmeterError';
  }

  override readonly name = 'NetmeterError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }
}

/** An error as sources and documents tell it. */
export interface Failure {
  because: string;
  code: ErrorCode;
  hint: string | undefined;
}

/** What is no NetmeterError is `internal`. */
export function failureOf(error: unknown): Failure {
  if (error instanceof NetmeterError) return { because: error.message, code: error.code, hint: error.hint };
  const because = error instanceof Error ? error.message : String(error);
  return { because, code: 'internal', hint: undefined };
}

/** The exit status that the command line ends with after this error. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof NetmeterError)) return 1;
  return EXIT_CODES[error.code] ?? 1;
}
