import type { Build, Step } from '../../src/builds/types.js';
import { WIRE } from '../../src/estimate/image-cost.js';
import { tieEstimates } from '../../src/estimate/tie.js';
import { type BaselineQuery, Baselines, baselineQuery } from '../../src/savings/baselines.js';
import { mayFetch } from '../../src/savings/identity.js';
import type { Bytes, Milliseconds } from '../../src/units.js';
import type { Store } from '../store/types.js';
import type { Prediction } from './build-warner.js';

/** An estimate that a build followed is not older. */
const ESTIMATES_BACK: Milliseconds = 15 * 60_000;
/** Builds since then, of which each may have had an estimate of its own. */
const MOST_BUILDS = 100;
/** Steps of one build that are looked up, most of all. */
const MOST_STEPS = 1_000;

/**
 * What a build is going to fetch yet: by the estimate that was made for it, less what it pulled, and by the ledger's
 * baselines, whichever is less once a step of it ran. Undefined when nothing is known of any of its steps.
 */
export async function predictBuild(
  store: Pick<Store, 'stepRuns' | 'estimates' | 'builds'>,
  build: Build,
): Promise<Prediction | undefined> {
  const [ahead, estimated] = await Promise.all([predictAhead(store, build), estimateOf(store, build)]);
  if (estimated === undefined) return ahead;
  const rest = Math.max(0, Math.round(estimated - pulledBytes(build) * WIRE));
  if (!build.steps.some(hasRun)) return { bytes: rest, unknownSteps: 0 };
  return ahead && { ...ahead, bytes: Math.min(ahead.bytes, rest) };
}

/** Of uncached steps: what each took last with caches as they are now, else what it costs cold. */
async function predictAhead(store: Pick<Store, 'stepRuns'>, build: Build): Promise<Prediction | undefined> {
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

async function estimateOf(
  store: Pick<Store, 'estimates' | 'builds'>,
  build: Build,
): Promise<Bytes | undefined> {
  const estimates = await store.estimates(build.startedAt - ESTIMATES_BACK, build.startedAt);
  if (estimates.length === 0) return undefined;
  const others = (await store.builds({ limit: MOST_BUILDS })).filter(({ ref }) => ref !== build.ref);
  return tieEstimates(estimates, [...others, build]).get(build.ref)?.fetchBytes;
}

function costOf(step: Step, query: BaselineQuery, baselines: Baselines): Bytes | undefined {
  const cold = baselines.best(query)?.bytes;
  const isCold =
    step.cacheMounts.length === 0 || step.cacheMounts.some((mount) => mount.emptyAtStart === true);
  return isCold ? cold : (baselines.warm(query)?.spentBytes ?? cold);
}

function pulledBytes({ steps }: Build): Bytes {
  return steps
    .flatMap(({ blobs }) => blobs)
    .reduce((sum, { samples }) => {
      return sum + (samples.at(-1)?.current ?? 0) - (samples[0]?.current ?? 0);
    }, 0);
}

function hasRun(step: Step): boolean {
  return mayFetch(step) && step.kind !== 'from' && step.status === 'done';
}

/** It runs, or waits for its turn and was not found in the cache. An image that waits may be here already. */
function isAhead(step: Step): boolean {
  return mayFetch(step) && (step.status === 'running' || (step.status === 'pending' && step.kind !== 'from'));
}
