import { SCHEMA } from '../../src/protocol/documents.js';
import type { Readiness } from '../../src/protocol/launch.js';
import { escapeText } from '../../src/text/escape.js';
import { placesOf } from '../ask.js';
import { lockHolder } from '../client/lock-holder.js';
import type { Command, GlobalOptions } from '../command.js';
import type { Io } from '../io.js';
import { daemonArguments } from '../launch/daemon-arguments.js';
import { runInForeground } from '../launch/run-in-foreground.js';
import { startInBackground } from '../launch/start-in-background.js';
import { parseTick, parseTier } from '../parse.js';

interface StartOptions extends GlobalOptions {
  foreground?: boolean;
  link?: string;
  tick?: number;
  tier?: string;
  names?: boolean;
}

export const start: Command<StartOptions> = {
  name: 'start',
  summary: 'start the daemon and wait until it meters',
  description:
    'Starts the daemon in the background, waits until it meters, and prints how well each source works and how ' +
    'to get a better one. As root (or through sudo) it counts exactly; as an ordinary user it polls Docker.',
  options: [
    { flags: '--foreground', description: 'stay in the foreground, for service managers' },
    {
      flags: '--link <interfaces>',
      description: 'the uplink, or several with commas between (default: all that gateway routes use)',
    },
    { flags: '--tick <duration>', description: 'sampling period (default 1s)', parse: parseTick },
    {
      flags: '--tier <tier>',
      description: 'exact, header or polled only (default: the best that works)',
      parse: parseTier,
    },
    {
      flags: '--no-names',
      description: 'do not name remotes by the DNS answers and TLS greetings of this machine',
    },
  ],
  async run({ io, options }) {
    const [place, ...others] = placesOf(io, options);
    // An ordinary user's own daemon would poll what the system's counts exactly.
    const running = others.map(lockHolder).find((pid) => pid !== undefined);
    if (running !== undefined) return sayRunning(running, options.json === true, io);
    const dockerHost = options.dockerHost ?? dockerHostOfEnvironment(io.env);
    const settings = {
      place,
      link: options.link,
      tickMs: options.tick,
      dockerHost,
      tier: options.tier,
      names: options.names,
    };
    const args = daemonArguments(settings, io.env, io.uid);
    if (options.foreground) return runInForeground(io.daemonProgram, args);
    const outcome = await startInBackground({ program: io.daemonProgram, place, args, signal: io.signal });
    if (outcome.state === 'already-running') return sayRunning(outcome.pid, options.json === true, io);
    const { pid, version, ready } = outcome;
    io.stdout.write(
      options.json
        ? `${JSON.stringify({ schema: SCHEMA, started: true, pid, version, ...ready })}\n`
        : readinessText(pid, version, ready),
    );
    return 0;
  },
};

function sayRunning(pid: number | undefined, json: boolean, io: Io): number {
  io.stdout.write(
    json
      ? `${JSON.stringify({ schema: SCHEMA, started: false, pid: pid ?? null })}\n`
      : `netmeter runs already (pid ${pid ?? 'unknown'}).\n`,
  );
  return 0;
}

/** The daemon has another environment than the one who starts it; an empty variable counts as none. */
function dockerHostOfEnvironment(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env.DOCKER_HOST === '' ? undefined : env.DOCKER_HOST;
}

export function readinessText(pid: number, version: string, ready: Readiness): string {
  const lines = [`netmeter ${version} meters (pid ${pid}).`];
  for (const source of ready.sources) {
    const tier = source.tier === null ? '' : ` [${source.tier}]`;
    const because = source.because === null ? '' : `: ${escapeText(source.because)}`;
    const code = source.code === null ? '' : ` (${source.code})`;
    lines.push(`  ${source.ok ? 'ok ' : '-- '} ${source.name}${tier}${because}${code}`);
    if (source.better !== null) lines.push(`      better: ${escapeText(source.better)}`);
  }
  for (const warning of ready.warnings)
    lines.push(`Warning: ${escapeText(warning.message)} (${warning.code})`);
  return `${lines.join('\n')}\n`;
}
