import type { Io } from './io.js';

/** Options that every command has. */
export interface GlobalOptions {
  json?: boolean;
  stateDir?: string;
  socket?: string;
  dockerHost?: string;
}

export interface CommandContext<Options = Record<string, unknown>> {
  io: Io;
  /** Operands, in order. */
  args: string[];
  options: Options & GlobalOptions;
}

export interface OptionSpec {
  /** In commander's notation, such as `--limit <n>`. */
  flags: string;
  description: string;
  /** Turns the text into a value; throws a NetmeterError with code `usage` when it cannot. */
  parse?: (text: string) => unknown;
  default?: unknown;
}

/** One command of the program: a value, one file each. */
export interface Command<Options = Record<string, unknown>> {
  /** `status`, or `build show` for a subcommand. */
  name: string;
  summary: string;
  /** Longer text for `--help`. */
  description?: string;
  /** Operands in commander's notation, such as `<ref>`. */
  operands?: [notation: string, description: string][];
  options?: OptionSpec[];
  /** Everything after the first operand belongs to another program. */
  passThrough?: boolean;
  /** Options that are not its own are among its operands, in their order: they are another program's. */
  foreignOptions?: boolean;
  /** Resolves with the exit code. */
  run(context: CommandContext<Options>): Promise<number>;
}
