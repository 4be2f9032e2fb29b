import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { classifyCgroup } from '../../../src/metering/cgroup-path.js';
import { cgroup2PathOf, type ProcessEntry } from '../docker/processes.js';

export interface ProcessOwner {
  /** What people call it: a unit without its suffix; undefined where only the program has a name. */
  name: string | undefined;
  /** Undefined when others' bytes are counted together with it. */
  ownerId: string | undefined;
  containerId: string | undefined;
  because: string | undefined;
}

/**
 * Whose bytes those of a program are.
 * @param own the processes of the program
 */
export function ownerOfProcesses(
  procRoot: string,
  cgroupRoot: string | undefined,
  own: ReadonlySet<number>,
  processes: readonly ProcessEntry[],
): ProcessOwner {
  const [pid = 0] = own;
  const path = cgroup2PathOf(procRoot, pid);
  const meaning = path === undefined ? undefined : classifyCgroup(path);
  const nobody = { name: undefined, ownerId: undefined, containerId: undefined };
  if (meaning === undefined) return { ...nobody, because: 'its cgroup is not known' };
  if (meaning.kind === 'container') {
    const id = meaning.inner.at(-1) ?? meaning.id;
    return { name: undefined, ownerId: `container:${id}`, containerId: id, because: undefined };
  }
  const isService = meaning.kind === 'unit' && meaning.unit.endsWith('.service');
  const name = isService ? meaning.unit.replace(/\.service$/, '') : undefined;
  const isOfHost = meaning.kind === 'unit' || meaning.kind === 'other';
  if (isOfHost && (isService || isAlone(cgroupRoot, meaning.path, own, processes))) {
    return { name, ownerId: `host:${meaning.path}`, containerId: undefined, because: undefined };
  }
  const where = meaning.kind === 'root' ? 'the root cgroup' : meaning.path;
  return {
    ...nobody,
    because: `it shares ${where} with other programs, so that what it fetches is not told apart`,
  };
}

/** Whether the cgroup holds nothing but the program and what it started. */
function isAlone(
  cgroupRoot: string | undefined,
  path: string,
  own: ReadonlySet<number>,
  processes: readonly ProcessEntry[],
): boolean {
  if (cgroupRoot === undefined) return false;
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const descends = (pid: number): boolean => {
    for (let at: number | undefined = pid, depth = 0; at !== undefined && depth < 32; depth++) {
      if (own.has(at)) return true;
      at = parents.get(at);
    }
    return false;
  };
  try {
    const inside = readFileSync(join(cgroupRoot, path, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter(Boolean);
    return inside.every((pid) => descends(Number(pid)));
  } catch {
    return false;
  }
}
