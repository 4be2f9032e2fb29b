/** Where a daemon keeps its state and listens. Daemon and clients resolve it here, so that they agree. */
import { NetmeterError } from '../errors.js';

/** `sun_path` of unix(7) is 108 bytes with its terminating zero. */
const MAX_SOCKET_PATH_BYTES = 107;

const SYSTEM_STATE_DIR = '/var/lib/netmeter';
const SYSTEM_RUN_DIR = '/run/netmeter';

export interface PathInputs {
  env: Readonly<Record<string, string | undefined>>;
  uid: number;
  /** What relative paths are relative to. */
  cwd: string;
  /** `--state-dir`. */
  stateDir?: string | undefined;
  /** `--socket`. */
  socket?: string | undefined;
}

/** The files of one daemon, all absolute. */
export interface Place {
  stateDir: string;
  socket: string;
  /** Holds the daemon's pid, and its lock while it lives. */
  pidFile: string;
  logFile: string;
  databaseFile: string;
  /** Runs under way, to find them again after a crash. */
  runsFile: string;
}

/**
 * The places to look for a daemon, best first; a daemon started now lives in the first. Without an explicit
 * path, an ordinary user's clients fall back to the system's daemon.
 *
 * `--state-dir`, then `NETMETER_STATE_DIR`, then `/var/lib/netmeter` for root and
 * `$XDG_STATE_HOME/netmeter` for others; `--socket`, then `NETMETER_SOCKET`, then `netmeter.sock` in an
 * explicit state directory, in `/run/netmeter` for root, and in `$XDG_RUNTIME_DIR/netmeter` for others.
 *
 * @throws NetmeterError `usage` when neither path nor home directory is known
 */
export function resolvePlaces(inputs: PathInputs): [Place, ...Place[]] {
  const { env, uid, cwd } = inputs;
  const stateDir = given(inputs.stateDir) ?? given(env.NETMETER_STATE_DIR);
  const socket = given(inputs.socket) ?? given(env.NETMETER_SOCKET);
  const explicitSocket = socket === undefined ? undefined : absolute(cwd, socket);
  if (stateDir !== undefined) {
    const dir = absolute(cwd, stateDir);
    return [place(dir, explicitSocket ?? `${dir}/netmeter.sock`)];
  }
  const system = place(SYSTEM_STATE_DIR, explicitSocket ?? `${SYSTEM_RUN_DIR}/netmeter.sock`);
  if (uid === 0) return [system];
  const dir = userStateDir(env);
  if (explicitSocket !== undefined) return [place(dir, explicitSocket)];
  const runtimeDir = absoluteOnly(env.XDG_RUNTIME_DIR);
  const own = place(dir, `${runtimeDir === undefined ? dir : `${runtimeDir}/netmeter`}/netmeter.sock`);
  return [own, system];
}

/** @throws NetmeterError `socket-path-too-long` */
export function checkSocketPath(path: string): void {
  const bytes = new TextEncoder().encode(path).length;
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new NetmeterError(
    'socket-path-too-long',
    `the socket's path has ${bytes} bytes, and a Unix socket's at most ${MAX_SOCKET_PATH_BYTES}: ${path}`,
    { hint: 'Choose a shorter one with --socket or NETMETER_SOCKET.' },
  );
}

function place(stateDir: string, socket: string): Place {
  return {
    stateDir,
    socket,
    pidFile: `${stateDir}/netmeter.pid`,
    logFile: `${stateDir}/netmeter.log`,
    databaseFile: `${stateDir}/netmeter.db`,
    runsFile: `${stateDir}/runs.json`,
  };
}

function userStateDir(env: PathInputs['env']): string {
  const xdg = absoluteOnly(env.XDG_STATE_HOME);
  if (xdg !== undefined) return `${xdg}/netmeter`;
  const home = absoluteOnly(env.HOME);
  if (home !== undefined) return `${home}/.local/state/netmeter`;
  throw new NetmeterError('usage', 'no home directory is known: neither XDG_STATE_HOME nor HOME is set', {
    hint: 'Say where the state is with --state-dir or NETMETER_STATE_DIR.',
  });
}

/** An empty value counts as none, as everywhere in the environment. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** The XDG base directory specification has relative paths ignored. */
function absoluteOnly(value: string | undefined): string | undefined {
  return value?.startsWith('/') ? trimmed(value) : undefined;
}

function absolute(cwd: string, path: string): string {
  return trimmed(path.startsWith('/') ? path : `${cwd}/${path}`);
}

function trimmed(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}
