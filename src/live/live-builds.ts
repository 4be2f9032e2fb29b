import type { BuildDocument, BuildShowDocument, StepDocument } from '../protocol/documents.js';
import type { TickEvent } from '../protocol/messages.js';
import type { EpochMs, Interval } from '../units.js';
import { RecentRate } from './rates.js';
import type { BuildView, StepView } from './types.js';

/** Builds that ended and are kept to be looked at. */
const KEPT = 20;

interface LiveBuild {
  document: BuildDocument;
  steps: StepDocument[] | undefined;
  /** It ran when it was first heard of. */
  seenRunning: boolean;
  rate: RecentRate;
  /** By step digest: bytes counted, and growth of layers as told. */
  counted: Map<string, RecentRate>;
  reported: Map<string, { bytes: number; at: EpochMs; rate: RecentRate }>;
}

/** Builds as events and answers tell of them, with the rates of their steps. */
export class LiveBuilds {
  readonly #builds = new Map<string, LiveBuild>();

  clear(): void {
    this.#builds.clear();
  }

  /** An answer or an event with all steps. @returns whether it tells the end of a build that ran */
  show({ build, steps }: Omit<BuildShowDocument, 'schema'>, at: EpochMs): boolean {
    const live = this.#live(build);
    const ended = live.document.status === 'running' && build.status !== 'running';
    live.document = build;
    live.steps = steps;
    for (const step of steps) this.#reported(live, step, at);
    this.#forgetOld();
    return ended;
  }

  /** An answer without steps: those that are known stay. */
  list(builds: readonly BuildDocument[]): void {
    for (const build of builds) this.#live(build).document = build;
    this.#forgetOld();
  }

  tick(tick: TickEvent, interval: Interval): void {
    for (const { step, wan, proxy } of tick.owners) {
      if (step === null) continue;
      const live = this.#builds.get(step.ref);
      if (live === undefined) continue;
      const moved = { rxBytes: wan.rxBytes + proxy.rxBytes, txBytes: wan.txBytes + proxy.txBytes };
      live.rate.add(interval, moved);
      let counted = live.counted.get(step.digest);
      if (counted === undefined) {
        counted = new RecentRate();
        live.counted.set(step.digest, counted);
      }
      counted.add(interval, moved);
    }
  }

  isKnown(ref: string): boolean {
    return this.#builds.get(ref)?.steps !== undefined;
  }

  /** Those that run first, the newest of each first. */
  view(at: EpochMs): BuildView[] {
    return [...this.#builds.values()].sort(byState).map((live, i) => ({
      document: live.document,
      steps: live.steps?.map((step) => stepView(live, step, at)),
      isCurrent: live.document.status === 'running' || (i === 0 && live.seenRunning),
      rate: live.rate.rate(at),
    }));
  }

  #live(build: BuildDocument): LiveBuild {
    let live = this.#builds.get(build.ref);
    if (live === undefined) {
      live = {
        document: build,
        steps: undefined,
        seenRunning: build.status === 'running',
        rate: new RecentRate(),
        counted: new Map(),
        reported: new Map(),
      };
      this.#builds.set(build.ref, live);
    }
    return live;
  }

  #reported(live: LiveBuild, step: StepDocument, at: EpochMs): void {
    if (step.layers.length === 0) return;
    const bytes = step.layers.reduce((sum, layer) => sum + (layer.fetched ? layer.bytes : 0), 0);
    const known = live.reported.get(step.digest);
    if (known === undefined) {
      live.reported.set(step.digest, { bytes, at, rate: new RecentRate() });
      return;
    }
    const growth = Math.max(0, bytes - known.bytes);
    known.rate.add({ from: known.at, to: at }, { rxBytes: growth, txBytes: 0 });
    known.bytes = bytes;
    known.at = at;
  }

  #forgetOld(): void {
    const ended = [...this.#builds.values()].filter(({ document }) => document.status !== 'running');
    for (const { document } of ended.sort(byState).slice(KEPT)) this.#builds.delete(document.ref);
  }
}

function stepView(live: LiveBuild, step: StepDocument, at: EpochMs): StepView {
  const runs = step.status === 'running';
  if (!runs) return { document: step, rate: null, rateIsReported: false, runsSince: null };
  const counted = live.counted.get(step.digest)?.rate(at);
  const reported = live.reported.get(step.digest)?.rate.rate(at).rx;
  const started = step.startedAt === null ? null : Date.parse(step.startedAt);
  const isReported = step.kind !== 'run' && reported !== undefined;
  const rate = isReported ? reported : (counted?.rx ?? 0) + (counted?.tx ?? 0);
  return { document: step, rate, rateIsReported: isReported, runsSince: started };
}

function byState(a: LiveBuild, b: LiveBuild): number {
  const running = (live: LiveBuild) => (live.document.status === 'running' ? 1 : 0);
  return running(b) - running(a) || ((a.document.startedAt ?? '') < (b.document.startedAt ?? '') ? 1 : -1);
}
