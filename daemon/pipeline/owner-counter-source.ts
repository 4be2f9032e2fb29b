import { BYTES, counterDelta, PACKETS } from '../../src/metering/deltas.js';
import type { CounterPosition, Owner, Remote, Tier } from '../../src/metering/types.js';
import type { Milliseconds, Traffic } from '../../src/units.js';
import type { DraftRow } from './flow-ledger.js';
import type { Draft, TickSource } from './meter-loop.js';

/** One owner's cumulative counters from a tier that knows no remotes. */
export interface OwnerReading {
  owner: Owner;
  /** Stable for the life of the counters. */
  key: string;
  counters: Traffic;
  /** There will be no others. */
  ended: boolean;
}

export interface OwnerCounterSourceOptions {
  name: string;
  tier: Tier;
  read(): OwnerReading[] | Promise<OwnerReading[]>;
  /** The one uplink, when there is one only: these tiers do not see which link a byte crossed. */
  link(): string | undefined;
  boot(): Milliseconds;
}

interface Tracked {
  committed: Traffic;
  read: Traffic;
  ended: boolean;
}

const NO_REMOTE: Remote = { address: '', port: 0, protocol: 'other' };
const NOTHING: Traffic = { rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0 };

/**
 * The header tier and the Docker stats tier: interface counters of owners with a network namespace of their
 * own. They do not tell wan from lan, so that all of it is taken for wan.
 */
export class OwnerCounterSource implements TickSource {
  readonly name: string;
  readonly #options: OwnerCounterSourceOptions;
  readonly #tracked = new Map<string, Tracked>();
  readonly #stored = new Map<string, CounterPosition>();
  readonly #owners = new Map<string, Owner>();
  /** Counters that are there at the first sample are older than the metering, unless they were stored. */
  #first = true;
  #acceptedAt: Milliseconds;
  #draftedAt: Milliseconds;

  constructor(options: OwnerCounterSourceOptions) {
    this.name = options.name;
    this.#options = options;
    this.#acceptedAt = options.boot();
    this.#draftedAt = this.#acceptedAt;
  }

  restore(positions: readonly CounterPosition[]): void {
    for (const position of positions) this.#stored.set(position.key, position);
  }

  async draft(): Promise<Draft> {
    const readings = await this.#options.read();
    this.#draftedAt = this.#options.boot();
    const draft: Draft = {
      tier: this.#options.tier,
      rows: [],
      links: [],
      owners: [],
      positions: [],
      forget: [],
    };
    for (const reading of readings) this.#add(reading, draft);
    draft.owners = [...this.#owners.values()];
    this.#first = false;
    return draft;
  }

  accept(): void {
    for (const [key, tracked] of this.#tracked) {
      tracked.committed = tracked.read;
      if (tracked.ended) this.#tracked.delete(key);
    }
    this.#owners.clear();
    this.#acceptedAt = this.#draftedAt;
  }

  #add({ owner, key, counters, ended }: OwnerReading, draft: Draft): void {
    const tracked = this.#tracked.get(key) ?? this.#track(key, counters);
    const elapsed = Math.max(this.#draftedAt - this.#acceptedAt, 1);
    const delta = deltaOf(tracked.committed, counters, elapsed);
    tracked.read = counters;
    tracked.ended = ended;
    if (delta === undefined || delta.rxBytes + delta.txBytes > 0) {
      draft.positions.push(
        { key: `${key} rx`, bytes: counters.rxBytes, packets: counters.rxPackets },
        { key: `${key} tx`, bytes: counters.txBytes, packets: counters.txPackets },
      );
    }
    if (ended) draft.forget.push(`${key} rx`, `${key} tx`);
    if (delta === undefined || delta.rxBytes + delta.txBytes === 0) return;
    this.#owners.set(owner.id, owner);
    const row: DraftRow = {
      ownerId: owner.id,
      remote: NO_REMOTE,
      class: 'wan',
      link: this.#options.link(),
      ...delta,
    };
    draft.rows.push(row);
  }

  #track(key: string, counters: Traffic): Tracked {
    const rx = this.#stored.get(`${key} rx`);
    const tx = this.#stored.get(`${key} tx`);
    const stored =
      rx === undefined || tx === undefined
        ? undefined
        : { rxBytes: rx.bytes, txBytes: tx.bytes, rxPackets: rx.packets, txPackets: tx.packets };
    const committed = stored ?? (this.#first ? counters : NOTHING);
    const tracked: Tracked = { committed, read: counters, ended: false };
    this.#tracked.set(key, tracked);
    return tracked;
  }
}

/** A counter that started again counts from 0: a restarted container's interface is a new one. */
function deltaOf(before: Traffic, now: Traffic, elapsed: Milliseconds): Traffic | undefined {
  const base = now.rxBytes < before.rxBytes || now.txBytes < before.txBytes ? NOTHING : before;
  const rxBytes = counterDelta(base.rxBytes, now.rxBytes, elapsed, BYTES);
  const txBytes = counterDelta(base.txBytes, now.txBytes, elapsed, BYTES);
  const rxPackets = counterDelta(base.rxPackets, now.rxPackets, elapsed, PACKETS);
  const txPackets = counterDelta(base.txPackets, now.txPackets, elapsed, PACKETS);
  if (rxBytes === undefined || txBytes === undefined) return undefined;
  if (rxPackets === undefined || txPackets === undefined) return undefined;
  return { rxBytes, txBytes, rxPackets, txPackets };
}
