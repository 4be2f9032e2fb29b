/** A small world of builds for the ledger: steps with what they moved, recorded one build after the other. */
import type { Build, CacheMount, Step } from '../../../src/builds/types.js';
import { Baselines } from '../../../src/savings/baselines.js';
import { type BuildLedger, buildLedger } from '../../../src/savings/build-ledger.js';
import { fetchedFor } from '../../../src/savings/proxy-share.js';
import { recordBuild } from '../../../src/savings/step-run.js';
import type { Actual, CacheFill, ProxyPeriod, StepLedger, StepRun } from '../../../src/savings/types.js';
import { build, step } from '../report/fixtures.js';

export const MB = 1_000_000;
export const DAY = 86_400_000;

export interface SceneStep extends Partial<Step> {
  wan?: number;
  proxies?: Actual['proxies'];
}

/** Runs builds in time and remembers what they say. */
export class Scene {
  readonly runs: StepRun[] = [];
  readonly proxyPeriods: ProxyPeriod[] = [];
  #fills = new Map<string, CacheFill>();
  #built = 0;
  now = 1_000_000;

  build(steps: SceneStep[], over: Partial<Build> = {}): Built {
    this.now += 60_000;
    this.#built += 1;
    const ref = `ref${this.#built}`;
    const actuals = new Map<string, Actual>();
    const made = steps.map(({ wan = 0, proxies = [], ...rest }, i) => {
      const digest = rest.digest ?? `sha256:${ref}-${i}`;
      actuals.set(digest, { wanBytes: wan, proxies });
      const startedAt = this.now + i * 1000;
      return step({ digest, intervals: [{ startedAt, completedAt: startedAt + 900 }], ...rest });
    });
    const built = build({
      ref,
      startedAt: this.now,
      completedAt: this.now + 30_000,
      steps: made,
      ...over,
    });
    const actualOf = ({ digest }: Step) => actuals.get(digest);
    const records = recordBuild({ build: built, tier: 'exact', actualOf }, [...this.#fills.values()]);
    this.runs.push(...records.runs);
    for (const fill of records.fills) this.#fills.set(fill.recordId, fill);
    return new Built(this, built, actualOf);
  }

  get fills(): CacheFill[] {
    return [...this.#fills.values()];
  }
}

export class Built {
  readonly #scene: Scene;
  readonly build: Build;
  readonly #actualOf: (step: Step) => Actual | undefined;

  constructor(scene: Scene, built: Build, actualOf: (step: Step) => Actual | undefined) {
    this.#scene = scene;
    this.build = built;
    this.#actualOf = actualOf;
  }

  /** By what is known now, which may be more than when it ran. */
  get ledger(): BuildLedger {
    return buildLedger({
      build: this.build,
      tier: 'exact',
      actualOf: this.#actualOf,
      baselines: new Baselines(this.#scene.runs),
      fetchedFor: fetchedFor(this.#scene.proxyPeriods),
    });
  }

  page(index: number): StepLedger {
    return this.ledger.get(this.build.steps[index]!.digest)!;
  }
}

export function mount(
  recordId: string | undefined,
  emptyAtStart: boolean | undefined,
  id = '/c',
): CacheMount {
  return {
    id,
    target: '/c',
    recordId,
    sharing: 'shared',
    emptyAtStart,
    bytesBefore: undefined,
    bytesAfter: undefined,
  };
}

/** The saving of one cause, which the step must have. */
export function saving(page: StepLedger, cause: string) {
  const found = page.savings?.find((each) => each.cause === cause);
  if (found === undefined) throw new Error(`nothing is saved by ${cause}: ${JSON.stringify(page)}`);
  return found;
}
