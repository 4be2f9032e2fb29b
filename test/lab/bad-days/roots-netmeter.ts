/** A daemon that root started, and people who may ask it and who may not. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cleanup, engine, Netmeter, type RunResult, run } from '../harness/index.js';
import { openDirectory, started, startUnder, withMounts } from './scene.js';

/** A user who is nobody here, and a group of that name. */
export const MEMBER = 54_322;
export const GROUP = 54_323;

/** What a daemon is started in, so that there is a group netmeter for it. */
export function withGroup(cleanup: Cleanup): string[] {
  const file = join(openDirectory(cleanup), 'group');
  writeFileSync(file, `${readFileSync('/etc/group', 'utf8')}netmeter:x:${GROUP}:\n`);
  return withMounts(`mount --bind ${file} /etc/group`);
}

export interface RootsNetmeter {
  netmeter: Netmeter;
  socket: string;
  /** Runs one of its commands within another command. */
  as: (prefix: readonly string[], args: readonly string[]) => Promise<RunResult>;
}

/** A running daemon of root's with a socket that everybody finds. */
export async function rootsNetmeter(
  cleanup: Cleanup,
  env: Readonly<Record<string, string>>,
  prefix: readonly string[] = [],
): Promise<RootsNetmeter> {
  const dir = openDirectory(cleanup);
  const { dockerHost } = engine('28');
  chmodSync(dir, 0o755);
  const socket = join(dir, 'socket');
  const netmeter = new Netmeter(cleanup, { env: { ...env, NETMETER_SOCKET: socket } });
  await started(startUnder(netmeter, prefix));
  const { command, args } = netmeter.foreground();
  const home = join(dir, 'home');
  mkdirSync(home, { recursive: true });
  const as = (who: readonly string[], words: readonly string[]): Promise<RunResult> => {
    const [file = '', ...rest] = [...who, command, args[0]!, ...words];
    // Not root's state directory, which would tell where the socket is, too.
    return run(file, rest, {
      env: { HOME: home, NETMETER_SOCKET: socket, NETMETER_STATE_DIR: '', DOCKER_HOST: dockerHost },
      anyExit: true,
    });
  };
  return { netmeter, socket, as };
}
