import type { Build, Step } from '../builds/types.js';
import type { EpochMs, Milliseconds } from '../units.js';
import { lineageOf, nearness, placeOf, shownLineage } from './identity.js';
import { median, middleOf } from './range.js';
import type { ColdCost, Place, StepRun } from './types.js';

/**
 * A baseline holds for builds of half a year before and after it. Registries and mirrors change: what an
 * instruction cost longer ago says little of what it would cost now.
 */
export const BASELINE_AGE: Milliseconds = 180 * 86_400_000;
/** The nearest in time; what is further away says less. */
const MOST_RUNS = 5;

/** A step that a baseline is asked for. */
export interface BaselineQuery {
  digest: string | undefined;
  /** As `lineageOf` and `shownLineage` give them. */
  lineage: string;
  shown: string;
  inputs: string | undefined;
  place: Place;
  stage: string | undefined;
  platform: string | undefined;
  at: EpochMs;
  /** It is there already: a run before it had the same inputs, most likely the last one. */
  isCached: boolean;
}

export function baselineQuery(step: Step, build: Build): BaselineQuery {
  return {
    digest: step.digest,
    lineage: lineageOf(step),
    shown: shownLineage(step),
    inputs: step.inputLayer,
    place: placeOf(build),
    stage: step.stage,
    platform: step.platform,
    at: step.intervals.at(-1)?.completedAt ?? build.completedAt ?? build.startedAt,
    isCached: step.status === 'cached' || step.status === 'shared',
  };
}

/** Baselines over the runs that are known: the best one for an instruction. */
export class Baselines {
  readonly #byLineage = new Map<string, StepRun[]>();
  readonly #lineagesOfShown = new Map<string, Set<string>>();

  constructor(runs: readonly StepRun[]) {
    for (const run of runs) {
      put(this.#byLineage, run.lineage, () => []).push(run);
      put(this.#lineagesOfShown, run.shown, () => new Set<string>()).add(run.lineage);
    }
  }

  /**
   * The best that is known of what a step costs cold: cold runs of the same step, then the last run of it that
   * says what it would have cost, then runs of the same instruction with other inputs, the nearest place first.
   * Undefined when nothing says anything.
   */
  best(query: BaselineQuery): ColdCost | undefined {
    const runs = this.#runsOf(query);
    const best = sameStep(runs, query) ?? otherInputs(runs, query);
    return best && { ...best, durationMs: best.durationMs ?? coldDuration(runs, query) };
  }

  /** What the step took when its caches were warm; undefined when no such run was seen. */
  warm(query: BaselineQuery): StepRun | undefined {
    return newest(this.#all(query).filter((run) => !run.wasCold && isSameStep(run, query)));
  }

  #runsOf(query: BaselineQuery): StepRun[] {
    return this.#all(query).filter((run) => run.cold !== undefined);
  }

  #all({ lineage, shown, at }: BaselineQuery): StepRun[] {
    const lineages = new Set([lineage, ...(this.#lineagesOfShown.get(shown) ?? [])]);
    return [...lineages]
      .flatMap((each) => this.#byLineage.get(each) ?? [])
      .filter((run) => Math.abs(run.endedAt - at) <= BASELINE_AGE);
  }
}

function isSameStep(run: StepRun, { digest, inputs }: BaselineQuery): boolean {
  return run.digest === digest || (inputs !== undefined && run.inputs === inputs);
}

function sameStep(runs: readonly StepRun[], query: BaselineQuery): ColdCost | undefined {
  const same = runs.filter((run) => isSameStep(run, query));
  const measured = same.filter((run) => run.wasCold && run.cold?.basis === 'measured');
  return measured.length > 0 ? summed(measured) : newest(same)?.cold;
}

/** Of a step that only ran warm: of its instruction with other inputs. */
function coldDuration(runs: readonly StepRun[], query: BaselineQuery): Milliseconds | undefined {
  const cold = runs.filter((run) => run.wasCold);
  return cold.length > 0 ? summed(nearest(cold, query)).durationMs : undefined;
}

function otherInputs(runs: readonly StepRun[], query: BaselineQuery): ColdCost | undefined {
  if (runs.length === 0) return undefined;
  const near = nearest(runs, query);
  const isElsewhere = nearness(near[0]!.place, query.place) === 0;
  const before = near.filter((run) => run.endedAt <= query.at);
  const likely = before.length > 0 ? before : near;
  if (query.isCached) {
    const last = newest(likely)!.cold!;
    const { lowBytes, highBytes, durationMs } = summed(likely);
    return {
      ...last,
      lowBytes,
      highBytes,
      durationMs,
      basis: last.basis === 'estimated' ? 'estimated' : 'derived',
    };
  }
  const cold = near.filter((run) => run.wasCold);
  const chosen = summed(cold.length > 0 ? cold : near);
  return { ...chosen, basis: isElsewhere ? 'estimated' : 'derived' };
}

/** Those of the nearest place; of these, those of the same stage and platform, where there are any. */
function nearest(runs: readonly StepRun[], { place, stage, platform }: BaselineQuery): StepRun[] {
  const most = Math.max(...runs.map((run) => nearness(run.place, place)));
  const near = runs.filter((run) => nearness(run.place, place) === most);
  return preferring(
    preferring(near, (run) => run.stage === stage),
    (run) => run.platform === platform,
  );
}

function preferring(runs: StepRun[], is: (run: StepRun) => boolean): StepRun[] {
  const those = runs.filter(is);
  return those.length > 0 ? those : runs;
}

/** Median and range of the newest few. */
function summed(runs: readonly StepRun[]): ColdCost {
  const few = [...runs].sort((a, b) => b.endedAt - a.endedAt).slice(0, MOST_RUNS);
  const costs = few.map((run) => run.cold!);
  const durations = few.filter((run) => run.wasCold).map((run) => run.durationMs);
  return {
    ...middleOf(costs),
    basis: costs[0]!.basis,
    at: costs[0]!.at,
    durationMs: durations.length > 0 ? Math.round(median(durations)) : undefined,
  };
}

function newest(runs: readonly StepRun[]): StepRun | undefined {
  return runs.reduce<StepRun | undefined>(
    (best, run) => (best === undefined || run.endedAt > best.endedAt ? run : best),
    undefined,
  );
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
