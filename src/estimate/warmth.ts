import type { Mount } from '../dockerfile/types.js';
import type { CacheState } from './types.js';

/** The state of a step's cache mounts, all of them together. */
export interface MountState {
  warmth: Warmth;
  because: string;
  /** Of the mounts that there are. */
  records: string[];
}

export type Warmth = 'none' | 'empty' | 'warm' | 'unknown';

/** @param replaced the build is told to begin with empty ones */
export function warmthOf(
  mounts: readonly Mount[],
  caches: readonly CacheState[] | undefined,
  replaced: boolean,
): MountState {
  const wanted = mounts.filter((mount) => mount.type === 'cache');
  if (wanted.length === 0) return { warmth: 'none', because: '', records: [] };
  if (replaced) {
    return { warmth: 'empty', because: '--no-cache replaces its cache mounts by empty ones', records: [] };
  }
  const cannotBeSeen = 'whether its cache mounts are empty cannot be seen';
  if (caches === undefined) return { warmth: 'unknown', because: cannotBeSeen, records: [] };
  const records = wanted.flatMap((mount) => cachesOf(mount, caches).map((cache) => cache.recordId));
  const states = wanted.map((mount) => stateOf(mount, caches));
  if (states.includes('warm')) {
    return {
      warmth: 'warm',
      because: `its cache mount ${name(wanted, states, 'warm')} is not empty`,
      records,
    };
  }
  if (states.includes('unknown')) return { warmth: 'unknown', because: cannotBeSeen, records };
  return { warmth: 'empty', because: `its cache mount ${name(wanted, states, 'empty')} is empty`, records };
}

function stateOf(mount: Mount, caches: readonly CacheState[]): Warmth {
  // Variables of the base image are not known here.
  if (idOf(mount).includes('$')) return 'unknown';
  const found = cachesOf(mount, caches);
  if (found.some((cache) => cache.isEmpty === false)) return 'warm';
  return found.some((cache) => cache.isEmpty === undefined) ? 'unknown' : 'empty';
}

function cachesOf(mount: Mount, caches: readonly CacheState[]): CacheState[] {
  const id = idOf(mount).replace(/^\/+/, '');
  return caches.filter((cache) => cache.id.replace(/^\/+/, '') === id);
}

function idOf(mount: Mount): string {
  return mount.id ?? mount.target ?? '';
}

function name(mounts: readonly Mount[], states: readonly Warmth[], wanted: Warmth): string {
  const mount = mounts[states.indexOf(wanted)];
  return mount?.id ?? mount?.target ?? '';
}
