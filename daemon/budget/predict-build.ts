import type { Build, Step } from '../../src/builds/types.js';
import { type BaselineQuery, Baselines, baselineQuery } from '../../src/savings/baselines.js';
import { mayFetch } from '../../src/savings/identity.js';
import type { Bytes } from '../../src/units.js';
import type { Store } from '../store/types.js';
import type { Prediction } from './build-warner.js';

/** Steps of one build that are looked up, most of all. */
const MOST_STEPS = 1_000;

/**
 * What a build's uncached steps are going to fetch, by the ledger's baselines: what a step took last with caches as
 * they are now, else what it costs cold. Undefined when nothing is known of any of them.
 */
export async function predictBuild(
  store: Pick<Store, 'stepRuns'>,
  build: Build,
): Promise<Prediction | undefined> {
  const ahead = build.steps.filter(isAhead).slice(0, MOST_STEPS);
  const queries = ahead.map((step) => ({ step, query: baselineQuery(step, build) }));
  const lineages = new Set(queries.flatMap(({ query }) => [query.lineage, query.shown]));
  if (lineages.size === 0) return undefined;
  const baselines = new Baselines(await store.stepRuns([...lineages], []));
  const costs = queries.map(({ step, query }) => costOf(step, query, baselines));
  const known = costs.filter((cost) => cost !== undefined);
  if (known.length === 0) return undefined;
  return {
    bytes: known.reduce((sum, cost) => sum + cost, 0),
    unknownSteps: costs.length - known.length,
  };
}

function costOf(step: Step, query: BaselineQuery, baselines: Baselines): Bytes | undefined {
  const cold = baselines.best(query)?.bytes;
  const isCold =
    step.cacheMounts.length === 0 || step.cacheMounts.some((mount) => mount.emptyAtStart === true);
  return isCold ? cold : (baselines.warm(query)?.spentBytes ?? cold);
}

/** It runs, or waits for its turn and was not found in the cache. An image that waits may be here already. */
function isAhead(step: Step): boolean {
  return mayFetch(step) && (step.status === 'running' || (step.status === 'pending' && step.kind !== 'from'));
}
