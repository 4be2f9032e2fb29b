import type { Build } from '../../src/builds/types.js';
import type { Owner } from '../../src/metering/types.js';
import type { BuildShowDocument } from '../../src/protocol/documents.js';
import type { EventBody } from '../../src/protocol/messages.js';
import type { Interval, Milliseconds } from '../../src/units.js';
import type { TickBatch } from '../store/types.js';
import { idleEvent, tickEvent } from './tick-event.js';

export interface LiveFeedOptions {
  publish(event: EventBody): void;
  hasSubscribers(): boolean;
  owner(id: string): Owner | undefined;
  /** Builds that run now. */
  running(): readonly Build[];
  show(build: Build): Promise<BuildShowDocument>;
  monotonicMs(): Milliseconds;
  onProblem(message: string, error: unknown): void;
}

/** A running build is told again after a tick, unless that was done just before: its bytes move on without news. */
const FRESH: Milliseconds = 700;

/** What live views are told: samples, and builds with the bytes their steps have by now. Nothing while nobody looks. */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  /** Builds whose news wait, the newest of each. */
  readonly #waiting = new Map<string, Build>();
  readonly #toldAt = new Map<string, Milliseconds>();
  #telling = false;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  changed(build: Build): void {
    if (!this.#options.hasSubscribers()) return;
    this.#waiting.set(build.ref, build);
    if (!this.#telling) void this.#tell();
  }

  committed(batch: TickBatch): void {
    const { publish, hasSubscribers, owner, running, monotonicMs } = this.#options;
    if (!hasSubscribers()) return;
    publish({ event: 'tick', tick: tickEvent(batch, owner) });
    const builds = running();
    for (const ref of this.#toldAt.keys()) {
      if (!builds.some((build) => build.ref === ref)) this.#toldAt.delete(ref);
    }
    for (const build of builds) {
      if (monotonicMs() - (this.#toldAt.get(build.ref) ?? 0) >= FRESH) this.changed(build);
    }
  }

  idle(interval: Interval): void {
    if (this.#options.hasSubscribers()) this.#options.publish({ event: 'tick', tick: idleEvent(interval) });
  }

  /** One after the other, so that older news never come last. */
  async #tell(): Promise<void> {
    const { show, publish, monotonicMs, onProblem } = this.#options;
    this.#telling = true;
    for (const [ref, build] of this.#waiting) {
      this.#waiting.delete(ref);
      try {
        const { build: document, steps } = await show(build);
        this.#toldAt.set(ref, monotonicMs());
        publish({ event: 'build', build: document, steps });
      } catch (error) {
        onProblem('a build could not be shown', error);
      }
    }
    this.#telling = false;
  }
}
