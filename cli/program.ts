/** The command line: commander's program made from the commands, which are values. */
import { CommanderError, Command as Program } from 'commander';
import { NetmeterError } from '../src/errors.js';
import type { Command, CommandContext, GlobalOptions } from './command.js';
import { type CommandEntry, groups as groupSummaries } from './commands/index.js';
import type { Io } from './io.js';
import { reportError } from './report-error.js';

const EXIT_USAGE = 2;
const VERSION_FLAGS: readonly string[] = ['-V', '--version'];

/** Runs one command line. `argv` without node and script. Resolves with the exit code, never rejects. */
export async function runCommandLine(
  argv: string[],
  entries: readonly CommandEntry[],
  version: string,
  io: Io,
): Promise<number> {
  let exitCode = 0;
  let json: boolean | undefined;
  const program = newProgram('netmeter', io)
    .description('Meters the network traffic of containers and image builds, and says what caches saved.')
    .version(version, VERSION_FLAGS.join(', '), 'print the version');
  program.enablePositionalOptions();
  const groups = new Map<string, Program>();
  for (const command of await commandsFor(argv, entries)) {
    const words = command.name.split(' ');
    const name = words.pop() ?? command.name;
    const parent = words.reduce((above, word) => group(groups, above, word, entries, io), program);
    addCommand(parent, name, command, io, async (context) => {
      json = context.options.json ?? false;
      exitCode = await command.run(context);
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? 0 : usageExit(error, argv, entries, io);
    return reportError(error, json ?? wantsJson(argv), io);
  }
}

/** The words of the command that was named, or those that several commands begin with: `cache`. */
function commandWords(argv: readonly string[], entries: readonly CommandEntry[]): string[] {
  const names = entries.map(({ name }) => name.split(' '));
  for (const count of [2, 1]) {
    const words = argv.slice(0, count);
    if (names.some((name) => name.slice(0, count).join(' ') === words.join(' '))) return words;
  }
  return [];
}

/** Only the command that was named, since each loads what it needs; all of them for help and for errors. */
function commandsFor(argv: readonly string[], entries: readonly CommandEntry[]): Promise<Command<object>[]> {
  if (argv.length === 1 && VERSION_FLAGS.includes(argv[0] ?? '')) return Promise.resolve([]);
  const named = entries.find(({ name }) => name === argv.slice(0, name.split(' ').length).join(' '));
  return Promise.all((named === undefined ? entries : [named]).map((entry) => entry.load()));
}

function newProgram(name: string, io: Io): Program {
  return new Program(name)
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // Errors are told in one form for people and scripts, once they are caught.
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 80,
    });
}

function group(
  groups: Map<string, Program>,
  above: Program,
  word: string,
  entries: readonly CommandEntry[],
  io: Io,
): Program {
  const known = groups.get(word);
  if (known !== undefined) return known;
  const names = entries.flatMap(({ name }) =>
    name.startsWith(`${word} `) ? name.slice(word.length + 1) : [],
  );
  const summary = groupSummaries[word] ?? `${word} commands`;
  const made = newProgram(word, io)
    .summary(`${summary}: ${names.join(', ')}`)
    .description(summary);
  groups.set(word, made);
  above.addCommand(made);
  return made;
}

function addCommand(
  parent: Program,
  name: string,
  command: Command<object>,
  io: Io,
  run: (context: CommandContext<object>) => Promise<void>,
): void {
  const made = newProgram(name, io)
    .summary(command.summary)
    .description(command.description ?? command.summary);
  for (const [notation, description] of command.operands ?? []) made.argument(notation, description);
  for (const option of command.options ?? []) {
    const { flags, description, parse } = option;
    if (parse === undefined) made.option(flags, description, option.default as string | undefined);
    else made.option(flags, description, (text: string) => parsed(flags, text, parse), option.default);
  }
  made
    .option('--json', 'print one JSON document on stdout')
    .option('--state-dir <dir>', 'where the database is (NETMETER_STATE_DIR)')
    .option('--socket <path>', "the daemon's socket (NETMETER_SOCKET)")
    .option('--docker-host <url>', 'the Docker engine (DOCKER_HOST, else the current Docker context)');
  if (command.passThrough) made.passThroughOptions();
  if (command.foreignOptions) made.allowUnknownOption();
  made.action(async (...values: unknown[]) => {
    const self = values.at(-1) as Program;
    await run({ io, args: self.args, options: self.opts<GlobalOptions>() });
  });
  parent.addCommand(made);
}

/** @throws NetmeterError that names the option whose value it is about */
function parsed(flags: string, text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof NetmeterError)) throw error;
    const { code, message, hint, cause } = error;
    const name = /--[\w-]+/.exec(flags)?.[0] ?? flags;
    throw new NetmeterError(code, `${name}: ${message}`, { ...(hint && { hint }), cause });
  }
}

function usageExit(error: CommanderError, argv: string[], entries: readonly CommandEntry[], io: Io): number {
  if (error.code === 'commander.help') return EXIT_USAGE;
  // Commander puts what it guesses was meant on a line of its own.
  const message = error.message.replace(/^error: /, '').replace(/\s+/g, ' ');
  const hint = `See: ${['netmeter', ...commandWords(argv, entries), '--help'].join(' ')}`;
  return reportError(new NetmeterError('usage', message, { hint }), wantsJson(argv), io);
}

/** Whether --json was asked for, also when the command line could not be parsed. */
function wantsJson(argv: string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}
