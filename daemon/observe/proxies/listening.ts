import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Listening, parseListening } from '../../../src/proxies/proc-net-tcp.js';

/** Some 1,700 sockets that listen; the kernel lists them before all others. */
const MOST_BYTES = 256 * 1024;

/**
 * Sockets that listen for TCP in a network namespace.
 * @param process any process in it: a pid, or `self`
 */
export function listeningIn(procRoot: string, process: string): Listening[] {
  return ['tcp', 'tcp6'].flatMap((table) =>
    parseListening(readStart(join(procRoot, process, 'net', table), MOST_BYTES)),
  );
}

/** Inodes of the sockets that a process holds; empty when it may not be looked at, or is gone. */
export function socketsOf(procRoot: string, pid: number): Set<number> {
  const folder = join(procRoot, String(pid), 'fd');
  const inodes = new Set<number>();
  try {
    for (const fd of readdirSync(folder)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(join(folder, fd)))?.[1];
      if (inode !== undefined) inodes.add(Number(inode));
    }
  } catch {
    // It ended meanwhile.
  }
  return inodes;
}

/** A part of the table as it was at one moment: several reads may see it shift. */
function readStart(path: string, bytes: number): string {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const buffer = Buffer.alloc(bytes);
    let length = 0;
    while (length < bytes) {
      const read = readSync(fd, buffer, length, bytes - length, null);
      if (read === 0) break;
      length += read;
      if (hasOthers(buffer, length)) break;
    }
    return buffer.toString('latin1', 0, length);
  } catch {
    return '';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Whether the last whole line is of a socket that does not listen: then all that do have been read. */
function hasOthers(buffer: Buffer, length: number): boolean {
  const lines = buffer.toString('latin1', Math.max(0, length - 400), length).split('\n');
  const last = lines.at(-2)?.trim().split(/\s+/);
  return last !== undefined && /^\d+:$/.test(last[0] ?? '') && last[3] !== '0A';
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
