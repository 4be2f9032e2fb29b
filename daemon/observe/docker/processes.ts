/** The process table, as far as finding an engine's processes needs it: `/proc/<pid>/stat`, proc(5). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cgroup2Path, classifyCgroupFile } from '../../../src/metering/cgroup-file.js';

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** First 15 bytes of the program's name. */
  comm: string;
  /** Ticks between boot and its start: with the pid, its identity. */
  startTicks: number;
}

/** @returns undefined when there is no such process */
export function readProcess(procRoot: string, pid: number): ProcessEntry | undefined {
  const stat = readText(join(procRoot, String(pid), 'stat'));
  if (stat === undefined) return undefined;
  // The name may hold anything, parentheses and spaces too.
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  const comm = stat.slice(stat.indexOf('(') + 1, end);
  return { pid, parent: Number(fields[1]), comm, startTicks: Number(fields[19]) };
}

export function listProcesses(procRoot: string): ProcessEntry[] {
  return readdirSync(procRoot).flatMap((name) =>
    /^\d+$/.test(name) ? (readProcess(procRoot, Number(name)) ?? []) : [],
  );
}

/** Below the cgroup2 mount, as the reader's cgroup namespace has it. */
export function cgroup2PathOf(procRoot: string, pid: number): string | undefined {
  const text = readText(join(procRoot, String(pid), 'cgroup'));
  return text === undefined ? undefined : cgroup2Path(text);
}

export function isInContainer(procRoot: string, pid: number): boolean {
  const text = readText(join(procRoot, String(pid), 'cgroup'));
  return text !== undefined && classifyCgroupFile(text).kind === 'container';
}

/** @returns undefined when it may not be known */
export function holdsSocket(procRoot: string, pid: number, inode: number): boolean | undefined {
  const folder = join(procRoot, String(pid), 'fd');
  try {
    return readdirSync(folder).some((fd) => linkOf(join(folder, fd)) === `socket:[${inode}]`);
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
