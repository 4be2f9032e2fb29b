import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMountTable } from '../../sys/mount-table.js';
import { isErrno } from '../../sys/system-error.js';

/** The kernel's event of a new cgroup. */
export interface Tracepoint {
  id: number;
  /** See program/names.bpf.c. */
  layout: 'level_first' | 'id_first';
}

const EVENT = 'events/cgroup/cgroup_mkdir';

/** Offsets and sizes of the fields that the programs read, as the event's format file lists them. */
const layouts: Record<Tracepoint['layout'], Record<string, string>> = {
  level_first: { root: '8 4', id: '16 8', path: '24 4' },
  id_first: { root: '8 4', id: '12 4', path: '20 4' },
};

/**
 * Looks the event up in tracefs.
 * @returns the event, or why there is none: a sentence for people
 */
export function findTracepoint(procRoot = '/proc'): Tracepoint | string {
  const roots = tracefsRoots(procRoot);
  if (roots.length === 0) return 'tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing)';
  let reason = '';
  for (const root of roots) {
    const found = readEvent(join(root, EVENT));
    if (typeof found !== 'string') return found;
    reason = found;
  }
  return reason;
}

function readEvent(directory: string): Tracepoint | string {
  try {
    const id = Number.parseInt(readFileSync(join(directory, 'id'), 'utf8'), 10);
    const layout = recognise(readFileSync(join(directory, 'format'), 'utf8'));
    return layout === undefined ? `${directory}/format has an unknown layout` : { id, layout };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return `${directory} is missing: this kernel does not trace cgroups`;
    return `${directory} cannot be read: ${(error as Error).message}`;
  }
}

/** Which of the known layouts a format file describes. */
export function recognise(format: string): Tracepoint['layout'] | undefined {
  const fields = new Map<string, string>();
  for (const line of format.split('\n')) {
    const [, name, offset, size] = /field:.*?(\w+);\s+offset:(\d+);\s+size:(\d+);/.exec(line) ?? [];
    if (name !== undefined) fields.set(name, `${offset} ${size}`);
  }
  return (['level_first', 'id_first'] as const).find((layout) =>
    Object.entries(layouts[layout]).every(([name, place]) => fields.get(name) === place),
  );
}

function tracefsRoots(procRoot: string): string[] {
  const roots: string[] = [];
  for (const { type, mountPoint } of readMountTable(procRoot)) {
    if (type === 'tracefs') roots.push(mountPoint);
    if (type === 'debugfs') roots.push(join(mountPoint, 'tracing'));
  }
  return roots;
}
