import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { holdsSocket, listProcesses } from './processes.js';

const ACCEPTS_CONNECTIONS = 0x10000;

/**
 * The inode of the socket that listens at a path, from `/proc/net/unix` (proc(5)).
 * @returns undefined when nobody listens there
 */
export function listeningInode(procRoot: string, path: string): number | undefined {
  const wanted = realPath(path);
  let table: string;
  try {
    table = readFileSync(join(procRoot, 'net', 'unix'), 'utf8');
  } catch {
    return undefined;
  }
  for (const line of table.split('\n')) {
    const [, flags = '0', inode, bound] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/.exec(line) ?? [];
    if (bound === undefined || !(Number.parseInt(flags, 16) & ACCEPTS_CONNECTIONS)) continue;
    if (bound === path || realPath(bound) === wanted) return Number(inode);
  }
  return undefined;
}

/**
 * True when the socket is systemd's and no engine runs: whoever connected would start the engine that
 * somebody stopped.
 */
export function wouldWakeEngine(procRoot: string, path: string): boolean {
  const inode = listeningInode(procRoot, path);
  if (inode === undefined || holdsSocket(procRoot, 1, inode) !== true) return false;
  return !listProcesses(procRoot).some(({ comm }) => comm === 'dockerd');
}

/** `/var/run` is a link to `/run`. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
