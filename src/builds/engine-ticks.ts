import type { Remote, TrafficClass, TrafficRow } from '../metering/types.js';
import { type Bytes, type Interval, totalBytes } from '../units.js';

/** One engine's rows of one interval of the meter. */
export interface EngineTick {
  engineId: string;
  interval: Interval;
  remotes: RemoteBytes[];
}

/** What went to and from one remote. */
export interface RemoteBytes {
  remote: Remote;
  classes: TrafficClass[];
  bytes: Bytes;
}

/** Groups rows by interval, engine and remote, oldest first, in an order that does not depend on theirs. */
export function engineTicks(rows: readonly TrafficRow[]): EngineTick[] {
  const byTick = groupBy(rows, ({ interval, ownerId }) => [interval.to, interval.from, ownerId]);
  return [...byTick.values()]
    .sort((a, b) => compareTicks(a[0]!, b[0]!))
    .map((ofTick) => {
      const byRemote = groupBy(ofTick, ({ remote }) => [remote.address, remote.port, remote.protocol]);
      const sorted = [...byRemote].sort(([a], [b]) => (a < b ? -1 : 1));
      const { ownerId, interval } = ofTick[0]!;
      return { engineId: ownerId, interval, remotes: sorted.map(([, ofRemote]) => remoteBytes(ofRemote)) };
    });
}

function remoteBytes(rows: TrafficRow[]): RemoteBytes {
  return {
    remote: rows[0]!.remote,
    classes: [...new Set(rows.map((row) => row.class))].sort(),
    bytes: rows.reduce((sum, row) => sum + totalBytes(row), 0),
  };
}

function compareTicks(a: TrafficRow, b: TrafficRow): number {
  const byTime = a.interval.to - b.interval.to || a.interval.from - b.interval.from;
  return byTime || (a.ownerId < b.ownerId ? -1 : 1);
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => unknown[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = JSON.stringify(keyOf(value));
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
