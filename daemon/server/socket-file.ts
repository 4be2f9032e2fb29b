import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { NetmeterError } from '../../src/errors.js';
import { checkSocketPath } from '../../src/protocol/paths.js';
import { makeDirectories } from '../sys/make-directories.js';
import { isErrno } from '../sys/system-error.js';

export interface SocketFileOptions {
  path: string;
  mode: number;
  /** Group of the file; `undefined` leaves the daemon's own. */
  gid: number | undefined;
}

/**
 * Listens on a Unix socket that nobody else can open before its mode and group are set. What a killed
 * daemon left is replaced; a socket that answers, and a file that is no socket, never.
 *
 * @throws NetmeterError `socket-path-too-long`, `daemon-already-running`, `permission-denied`,
 *   `state-dir-unusable` for a directory that does not take it
 */
export async function listenOnSocketFile(server: Server, options: SocketFileOptions): Promise<void> {
  checkSocketPath(options.path);
  try {
    makeDirectories(dirname(options.path), 0o755);
    await removeStale(options.path);
    await listen(server, options.path);
    if (options.gid !== undefined) chownSync(options.path, -1, options.gid);
    chmodSync(options.path, options.mode);
  } catch (error) {
    server.close();
    throw socketError(options.path, error);
  }
}

async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new NetmeterError('usage', `${path} is there already and is no socket`, {
      hint: 'Choose another path with --socket, or remove the file.',
    });
  }
  if (await answers(path)) {
    throw new NetmeterError('daemon-already-running', `another process listens on ${path}`, {
      hint: 'Stop it with netmeter stop, or choose another path with --socket.',
    });
  }
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      if (isErrno(error, 'ECONNREFUSED', 'ENOENT')) resolve(false);
      // A full backlog: somebody listens, and is busy.
      else if (isErrno(error, 'EAGAIN')) resolve(true);
      else reject(error);
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The file is made within the call to listen, so that no other code sees this mask.
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

function socketError(path: string, error: unknown): unknown {
  if (error instanceof NetmeterError) return error;
  const name = (error as NodeJS.ErrnoException).code ?? 'unknown';
  const code = name === 'EACCES' || name === 'EPERM' ? 'permission-denied' : 'state-dir-unusable';
  return new NetmeterError(code, `the socket ${path} cannot be made: ${name}`, {
    hint: 'Choose a path in a directory of yours with --socket.',
    cause: error,
  });
}
