import { calibrate, uncalibrated } from '../../src/metering/calibrate.js';
import { carriedBy } from '../../src/metering/carried.js';
import { linkDelta, linkPositions, storedLinkCounters } from '../../src/metering/link-deltas.js';
import { calibrationSamples } from '../../src/metering/reconcile.js';
import type { CounterPosition, LinkCounters, Owner } from '../../src/metering/types.js';
import type { LinkRow } from '../../src/metering/usage.js';
import type { Milliseconds } from '../../src/units.js';
import type { LinkNames } from '../links/link-names.js';
import type { LinkMeter, LinkReading } from '../meter/link/link-meter.js';
import type { TickBatch } from '../store/types.js';
import type { LinkCalibrations } from './link-calibrations.js';
import { namedCourses } from './link-knowledge.js';
import type { Draft, TickSource } from './meter-loop.js';

/** An owner that was forgotten since: any that is no relay will do. */
const UNKNOWN_OWNER: Owner = { id: 'host:?', kind: 'host', name: 'unknown', facts: {} };

interface Tracked {
  committed: LinkCounters | undefined;
  read: LinkCounters | undefined;
  /** False while its position is known from an earlier run only, whose epoch may be another. */
  isStored: boolean;
}

/** The uplinks' own counters, which owners are reconciled against. */
export class LinkSource implements TickSource {
  readonly name = 'links';
  readonly #meter: LinkMeter;
  readonly #names: LinkNames;
  readonly #boot: () => Milliseconds;
  readonly #tracked = new Map<string, Tracked>();
  readonly #stored = new Map<string, CounterPosition>();
  #acceptedAt: Milliseconds;
  #draftedAt: Milliseconds;
  readonly #gone = new Set<string>();
  #last: LinkReading[] | undefined;
  readonly calibrations = new Map<string, LinkCalibrations>();

  /** @param boot time since the kernel started, suspended time included */
  constructor(meter: LinkMeter, names: LinkNames, boot: () => Milliseconds) {
    this.#meter = meter;
    this.#names = names;
    this.#boot = boot;
    this.#acceptedAt = boot();
    this.#draftedAt = this.#acceptedAt;
  }

  restore(positions: readonly CounterPosition[]): void {
    for (const position of positions) this.#stored.set(position.key, position);
  }

  /** Owners are counted no more: what links carry from now on has none, and belongs to no interval. */
  end(): void {
    this.#last = this.#meter.sample();
  }

  draft(): Draft {
    this.#draftedAt = this.#boot();
    this.#names.nextSample();
    const links: Omit<LinkRow, 'interval'>[] = [];
    const positions: CounterPosition[] = [];
    for (const reading of this.#last ?? this.#meter.sample()) {
      const tracked = this.#track(reading);
      const first = tracked.read === undefined;
      tracked.read = reading.counters;
      if (reading.gone) {
        this.#gone.add(reading.key);
        this.#names.forget(reading.facts.interface);
      }
      this.#addDelta(tracked, reading, first, links, positions);
    }
    return { tier: 'link', rows: [], owners: [], forget: [], links, positions };
  }

  accept(): void {
    for (const [key, tracked] of this.#tracked) {
      tracked.committed = tracked.read;
      tracked.isStored = true;
      if (this.#gone.has(key)) this.#tracked.delete(key);
    }
    this.#gone.clear();
    this.#acceptedAt = this.#draftedAt;
  }

  /** Learns how links count, from what links and owners moved in one committed tick. */
  learnFrom(batch: TickBatch, ownerOf: (id: string) => Owner | undefined): void {
    if (batch.links.length === 0) return;
    const rows = batch.rows.map((row) => ({ ...row, owner: ownerOf(row.ownerId) ?? UNKNOWN_OWNER }));
    const carried = carriedBy(rows, namedCourses(this.#meter, this.#names));
    for (const row of batch.links) {
      const known = this.calibrations.get(row.link) ?? { rx: uncalibrated(), tx: uncalibrated() };
      const interval = { counted: row, ...carried(row.link) };
      const samples = calibrationSamples(interval);
      this.calibrations.set(row.link, {
        rx: calibrate(known.rx, samples.rx),
        tx: calibrate(known.tx, samples.tx),
      });
    }
  }

  #track(reading: LinkReading): Tracked {
    const known = this.#tracked.get(reading.key);
    if (known !== undefined) return known;
    const stored = storedLinkCounters(reading.key, (key) => this.#stored.get(key));
    const tracked: Tracked = {
      committed: stored ?? reading.born,
      read: undefined,
      isStored: false,
    };
    this.#tracked.set(reading.key, tracked);
    return tracked;
  }

  #addDelta(
    tracked: Tracked,
    reading: LinkReading,
    first: boolean,
    links: Omit<LinkRow, 'interval'>[],
    positions: CounterPosition[],
  ): void {
    const elapsed = this.#draftedAt - this.#acceptedAt;
    // The first delta after a restart covers the time the daemon was down, however long that was.
    const delta = linkDelta(tracked.committed, reading.counters, first ? Number.MAX_SAFE_INTEGER : elapsed);
    const moved =
      delta !== undefined && delta.rxBytes + delta.txBytes + delta.rxPackets + delta.txPackets > 0;
    if (moved) links.push({ link: this.#names.of(reading.facts.interface), ...delta });
    if (moved || !tracked.isStored || delta === undefined) {
      positions.push(...linkPositions(reading.key, reading.counters));
    }
  }
}
