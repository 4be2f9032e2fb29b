/** The file `/proc/<pid>/cgroup` (cgroups(7)): lines of `<hierarchy id>:<controllers>:<path>`. */
import { type CgroupMeaning, classifyCgroup } from './cgroup-path.js';

export interface CgroupMembership {
  /** 0 for the hierarchy of version 2. */
  hierarchy: number;
  /** Controllers, or `name=systemd`; empty for version 2. */
  controllers: string[];
  path: string;
}

/** Lines that do not have the format are left out. */
export function parseCgroupFile(text: string): CgroupMembership[] {
  const memberships: CgroupMembership[] = [];
  for (const line of text.split('\n')) {
    // Paths may hold colons, controllers cannot.
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const controllers = match[2] === '' ? [] : match[2]!.split(',');
    memberships.push({ hierarchy: Number(match[1]), controllers, path: match[3]! });
  }
  return memberships;
}

/** The process's path below the cgroup2 mount; undefined where the kernel has none. */
export function cgroup2Path(text: string): string | undefined {
  return parseCgroupFile(text).find((line) => line.hierarchy === 0)?.path;
}

/** How much a meaning tells: on hybrid systems the version 2 path is often just the root. */
const weights: Record<CgroupMeaning['kind'], number> = {
  executor: 4,
  container: 4,
  machine: 4,
  run: 4,
  unit: 3,
  session: 2,
  other: 1,
  root: 0,
};

/**
 * What the process is part of, by the hierarchy that tells most; version 2 before systemd's before the
 * controllers of version 1.
 */
export function classifyCgroupFile(text: string): CgroupMeaning {
  let best: CgroupMeaning = { kind: 'root', path: '/' };
  for (const { path } of parseCgroupFile(text).sort((a, b) => rank(a) - rank(b))) {
    const meaning = classifyCgroup(path);
    if (weights[meaning.kind] > weights[best.kind]) best = meaning;
  }
  return best;
}

function rank(line: CgroupMembership): number {
  if (line.hierarchy === 0) return 0;
  return line.controllers.includes('name=systemd') ? 1 : 2;
}
