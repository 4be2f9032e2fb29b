/** What happened, for the person who asks why. Never on the sampling path. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogSink {
  /** One line, with its newline. */
  write(line: string): void;
}

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };
/** Control and format characters and line separators: log lines carry step names and host names. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const MAX_MESSAGE_LENGTH = 4000;

export interface LogOptions {
  sinks: readonly LogSink[];
  /** Less important lines are left out. */
  level: LogLevel;
  /** Wall clock, epoch milliseconds. */
  now: () => number;
}

export class Log {
  readonly #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  debug(message: string): void {
    this.#write('debug', message);
  }

  info(message: string): void {
    this.#write('info', message);
  }

  warn(message: string, cause?: unknown): void {
    this.#write('warn', withCause(message, cause));
  }

  /** With the stack of its cause, unless that is an error meant for people. */
  error(message: string, cause?: unknown): void {
    this.#write('error', withCause(message, cause));
    const stack = cause instanceof Error && cause.name !== 'NetmeterError' ? cause.stack : undefined;
    for (const line of stack?.split('\n').slice(1, 20) ?? []) this.#write('error', line.trimEnd());
  }

  #write(level: LogLevel, message: string): void {
    if (ORDER[level] < ORDER[this.#options.level]) return;
    const line = formatLine(this.#options.now(), level, message);
    for (const sink of this.#options.sinks) sink.write(line);
  }
}

/** `2026-11-24T09:00:00.000Z WARN  message`, one line whatever the message holds. */
export function formatLine(at: number, level: LogLevel, message: string): string {
  const short = message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
  return `${new Date(at).toISOString()} ${level.toUpperCase().padEnd(5)} ${escapeUnsafe(short)}\n`;
}

function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n';
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

function withCause(message: string, cause: unknown): string {
  if (cause === undefined) return message;
  return `${message}: ${cause instanceof Error ? cause.message : String(cause)}`;
}
