/** Rows, builds and steps made by hand, and a plain way of carrying moves out. */

import type { BlobProgress, Build, Step } from '../../../src/builds/types.js';
import type { Remote, TrafficClass, TrafficRow } from '../../../src/metering/types.js';
import { endsIn, type Move } from '../../../src/metering/usage.js';
import { totalBytes } from '../../../src/units.js';

export const ENGINE = 'engine:lab';
export const REGISTRY: Remote = { address: '198.51.100.7', port: 5000, protocol: 'tcp' };
export const ORIGIN: Remote = { address: '198.51.100.8', port: 80, protocol: 'tcp' };
export const OTHER: Remote = { address: '198.51.100.9', port: 443, protocol: 'tcp' };

/** A row of the second that ends at `to`, in seconds. */
export function row(to: number, bytes: number, more: Partial<TrafficRow> = {}): TrafficRow {
  return {
    ownerId: ENGINE,
    remote: OTHER,
    class: 'wan' as TrafficClass,
    link: 'eth0',
    tier: 'exact',
    interval: { from: (to - 1) * 1000, to: to * 1000 },
    rxBytes: bytes,
    txBytes: 0,
    rxPackets: 1,
    txPackets: 0,
    ...more,
  };
}

export function step(
  digest: string,
  more: Partial<Step> & { seconds?: [number, number | undefined][] } = {},
): Step {
  const { seconds = [], ...rest } = more;
  return {
    digest,
    inputs: [],
    name: digest,
    number: 1,
    stage: undefined,
    instruction: 'ADD https://example.org/x /',
    platform: undefined,
    kind: 'add',
    status: 'done',
    error: undefined,
    intervals: seconds.map(([from, to]) => ({ startedAt: from * 1000, completedAt: to && to * 1000 })),
    blobs: [],
    executorIds: [],
    attribution: 'unattributed',
    sharedWith: undefined,
    cacheMounts: [],
    ...rest,
  };
}

/** A pull of one blob that grows evenly over its interval. */
export function pull(
  digest: string,
  seconds: [number, number],
  bytes: number,
  more: Partial<Step> = {},
): Step {
  return step(digest, {
    kind: 'from',
    instruction: 'FROM example.org/app:1',
    seconds: [seconds],
    blobs: [blob(digest, seconds, bytes)],
    ...more,
  });
}

export function blob(id: string, [from, to]: [number, number], bytes: number): BlobProgress {
  const samples = [
    { at: from * 1000, current: 0 },
    { at: to * 1000, current: bytes },
  ];
  return { id, total: bytes, samples };
}

export function build(ref: string, steps: Step[], more: Partial<Build> = {}): Build {
  return {
    ref,
    engine: 'lab',
    name: ref,
    project: undefined,
    context: undefined,
    dockerfile: undefined,
    target: undefined,
    platforms: [],
    status: 'completed',
    error: undefined,
    startedAt: 0,
    completedAt: 1e6,
    steps,
    ...more,
  };
}

/** Bytes per owner after the moves, all of a row's moves made from the row as it was. Throws on shares over 1. */
export function bytesAfter(rows: readonly TrafficRow[], moves: readonly Move[]): Record<string, number> {
  const bytes: Record<string, number> = {};
  const add = (id: string, more: number) => {
    bytes[id] = (bytes[id] ?? 0) + more;
  };
  for (const each of rows) {
    const total = totalBytes(each);
    const mine = moves.filter((move) => concerns(move, each));
    const share = mine.reduce((sum, move) => sum + move.share, 0);
    if (share > 1 + 1e-9) throw new Error(`shares of a row add up to ${share}`);
    for (const move of mine) add(move.to.id, total * move.share);
    add(each.ownerId, total * (1 - share));
  }
  return bytes;
}

function concerns(move: Move, each: TrafficRow): boolean {
  return (
    move.fromOwnerId === each.ownerId &&
    move.classes.includes(each.class) &&
    endsIn(each.interval, move.interval.from, move.interval.to) &&
    (move.remotes?.some((remote) => JSON.stringify(remote) === JSON.stringify(each.remote)) ?? true)
  );
}
