import { parseArgs } from 'node:util';
import { NetmeterError } from '../../src/errors.js';
import { type InvokingUser, parseInvokingUser } from './client-group.js';

/** The daemon's own command line, which `netmeter start` and the systemd unit write. */
export interface DaemonSettings {
  stateDir: string | undefined;
  socket: string | undefined;
  /** Log to standard error, too, and leave standard streams alone. */
  foreground: boolean;
  /** Descriptor that takes the LaunchReport. */
  reportFd: number | undefined;
  /** For whom it was started through sudo. */
  invokingUser: InvokingUser | undefined;
  /** Interfaces to treat as the uplinks; undefined: those that lead beyond. */
  links: string[] | undefined;
  tickMs: number;
  dockerHost: string | undefined;
  /** Only this tier, for comparisons. */
  tier: 'exact' | 'header' | 'polled' | undefined;
  /** Where the kernel's counters are pinned. */
  pinDir: string | undefined;
  /** Most remotes that the kernel counts apart; those beyond are counted by cgroup. */
  maxFlows: number | undefined;
  /** Whether names of remotes are heard in DNS answers and ClientHellos. */
  names: boolean;
  verbose: boolean;
}

const DEFAULT_TICK_MS = 1000;

/** @throws NetmeterError `usage` */
export function parseSettings(argv: readonly string[]): DaemonSettings {
  const values = parse(argv);
  return {
    stateDir: values['state-dir'],
    socket: values.socket,
    foreground: values.foreground ?? false,
    reportFd: wholeNumber('--report-fd', values['report-fd'], 3, 1024),
    invokingUser:
      values['invoking-user'] === undefined ? undefined : parseInvokingUser(values['invoking-user']),
    links: values.link?.split(','),
    tickMs: wholeNumber('--tick-ms', values['tick-ms'], 100, 60_000) ?? DEFAULT_TICK_MS,
    dockerHost: values['docker-host'],
    tier: tierNamed(values.tier),
    pinDir: values['pin-dir'],
    maxFlows: wholeNumber('--max-flows', values['max-flows'], 1, 16_777_216),
    names: !(values['no-names'] ?? false),
    verbose: values.verbose ?? false,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        'state-dir': { type: 'string' },
        socket: { type: 'string' },
        foreground: { type: 'boolean' },
        'report-fd': { type: 'string' },
        'invoking-user': { type: 'string' },
        link: { type: 'string' },
        'tick-ms': { type: 'string' },
        'docker-host': { type: 'string' },
        tier: { type: 'string' },
        'pin-dir': { type: 'string' },
        'max-flows': { type: 'string' },
        'no-names': { type: 'boolean' },
        verbose: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new NetmeterError('usage', (error as Error).message, { cause: error });
  }
}

function wholeNumber(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new NetmeterError('usage', `${name} takes a whole number from ${least} to ${most}, not "${text}"`);
}

function tierNamed(text: string | undefined): DaemonSettings['tier'] {
  if (text === undefined || text === 'exact' || text === 'header' || text === 'polled') return text;
  throw new NetmeterError('usage', `--tier takes exact, header or polled, not "${text}"`);
}
