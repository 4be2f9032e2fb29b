import type { Build } from '../../src/builds/types.js';
import { NetmeterError } from '../../src/errors.js';
import { type MaybeTransfer, type RunDocument, SCHEMA } from '../../src/protocol/documents.js';
import type { Place } from '../../src/protocol/paths.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes, formatDuration, sumOf } from '../../src/text/figures.js';
import { placesOf } from '../ask.js';
import { askDaemon } from '../client/ask-daemon.js';
import { WarningListener } from '../client/warning-listener.js';
import type { Command } from '../command.js';
import { warningBefore } from '../estimate/before-run.js';
import type { Io } from '../io.js';
import type { BuildProgress } from '../launch/build-progress.js';
import { type ChildEnd, runChild } from '../launch/run-child.js';

/** For the daemon to take what the command printed. */
const PATIENCE_MS = 3_000;

export const run: Command = {
  name: 'run',
  summary: 'run a command in a cgroup of its own and say what it used',
  description:
    'Runs a command in a cgroup of its own, passes its output, signals and exit code through, and says on stderr ' +
    'what it used. Containers and build steps that the command starts are not its processes: a build that it ' +
    "started is listed with its own bytes. With --json the command's stdout goes to stderr. Docker engines before 24 " +
    'tell nothing of their builds but what runs: there the progress of a docker build is read from its stderr, ' +
    'unless that is a terminal on which it draws (--progress=plain makes it print lines).',
  operands: [['<command...>', 'the command and its arguments, best after --']],
  passThrough: true,
  async run({ io, args, options }) {
    const places = placesOf(io, options);
    const pid = io.pid;
    const warning = await warningBefore(args, places, io);
    if (warning !== undefined) io.stderr.write(warning);
    const { result: begun } = await askDaemon(places, 'run-begin', { command: args, pid });
    const progress = begun.wantsProgress ? await progressOf(args, begun.runId, places, io) : undefined;
    const finish = async (final: boolean) =>
      (await askDaemon(places, 'run-end', { runId: begun.runId, pid, final })).result;
    const listener = new WarningListener(places, io.stderr);
    let end: ChildEnd;
    try {
      // The child is born in the run's cgroup; this process goes back to where it came from.
      const child = runChild(args, {
        stdoutToStderr: options.json === true,
        onSignal: io.onSignal,
        seeStderr: progress && ((bytes) => progress.see(bytes)),
      });
      child.catch(() => {});
      progress?.announce();
      await finish(false);
      void listener.start();
      end = await child;
      await progress?.end(end);
    } catch (error) {
      await finish(true).catch(() => {});
      throw error;
    } finally {
      listener.stop();
    }
    const used = await finish(true).catch((error: unknown) => lostDaemon(error, io.stderr));
    if (used !== undefined) {
      const document: RunDocument = {
        schema: SCHEMA,
        command: args,
        exitCode: end.exitCode,
        signal: end.signal,
        startedAt: used.startedAt,
        durationMs: used.durationMs,
        wan: used.wan,
        lan: used.lan,
        proxy: used.proxy,
        tier: used.tier,
        remotes: used.remotes,
        build: used.build,
        warnings: used.warnings,
      };
      listener.rest(used.warnings);
      if (options.json) io.stdout.write(`${JSON.stringify(document)}\n`);
      else io.stderr.write(runText(document));
    }
    return end.status;
  },
};

/** What the command prints of a build that it runs; loaded only for engines that tell nothing themselves. */
async function progressOf(
  command: readonly string[],
  runId: string,
  places: readonly Place[],
  io: Io,
): Promise<BuildProgress | undefined> {
  const { BuildProgress } = await import('../launch/build-progress.js');
  const tell = (build: Build | undefined) =>
    askDaemon(places, 'run-progress', { runId, ...(build && { build }) }, { timeoutMs: PATIENCE_MS });
  return BuildProgress.of(command, { runId, io, tell });
}

export function runText(document: RunDocument): string {
  const { wan, lan, proxy, build } = document;
  const both = (it: MaybeTransfer) => formatBytes(sumOf(it));
  const lines = [
    `netmeter: ${escapeText(document.command[0] ?? '')} took ${formatDuration(document.durationMs)} and used ` +
      `${both(wan)} WAN (in ${formatBytes(wan.rxBytes)}, out ${formatBytes(wan.txBytes)}), ` +
      `${both(lan)} LAN, ${both(proxy)} from proxies`,
  ];
  if (build !== null) {
    lines.push(
      `netmeter: its build ${escapeText(build.name)} (${build.ref}) used ${both(build.wan)} WAN; ` +
        `see: netmeter build show ${build.ref.slice(0, 12)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The command has run; that nobody can say what it used is no reason to change its exit code. */
function lostDaemon(error: unknown, stderr: { write(text: string): void }): undefined {
  const code = error instanceof NetmeterError ? error.code : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  stderr.write(`netmeter: what the command used is not known: ${escapeText(message)} (${code})\n`);
  return undefined;
}
