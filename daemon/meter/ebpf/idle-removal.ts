import type { Milliseconds } from '../../../src/units.js';
import type { CgroupNames } from './cgroup-names.js';
import type { CounterSet } from './counter-set.js';
import type { FlowCounter } from './layout.js';

/** How long a counter of a cgroup that is gone must have been still: its last sockets may send on. */
const IDLE_MS = 120_000;
/** Part of the room for remotes from which on stale ones make place, and how long those have been still. */
const CROWDED = 0.75;
const STALE_MS = 3_600_000;

/** Does what `EbpfMeter.removeIdle` says. */
export function removeIdleCounters(
  counters: CounterSet,
  names: CgroupNames,
  now: Milliseconds,
  idleMs: Milliseconds = IDLE_MS,
): FlowCounter[] {
  const { flows } = counters;
  const crowded = flows.counters.length > CROWDED * flows.map.shape.maxEntries;
  const gone = new Map<number, boolean>();
  const isGone = (id: number): boolean => {
    const known = gone.get(id) ?? names.isGone(id) === true;
    gone.set(id, known);
    return known;
  };
  const isDead = ({ movedAt, cgroupId }: FlowCounter): boolean => {
    const still = now - movedAt;
    if (still < idleMs || cgroupId === 0) return false;
    return (crowded && still >= STALE_MS) || isGone(cgroupId);
  };
  const removed = counters.maps.flatMap((map) => map.remove(isDead));
  if (removed.length > 0) names.forgetUnused(cgroupsOf(counters));
  return removed;
}

/** Cgroups that have counters. */
export function cgroupsOf(counters: CounterSet): Set<number> {
  return new Set(counters.maps.flatMap((map) => map.counters.map(({ cgroupId }) => cgroupId)));
}
