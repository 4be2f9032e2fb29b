import type { Build, Step } from '../../src/builds/types.js';
import { stepOwnerIds } from '../../src/report/builds.js';
import { sumByOwner } from '../../src/report/sums.js';
import { type Bytes, totalBytes } from '../../src/units.js';
import type { Store } from '../store/types.js';
import type { Prediction } from './build-warner.js';

/** Builds that are looked back at. */
const EARLIER_BUILDS = 200;
/** Steps of one build that are looked up, most of all. */
const MOST_STEPS = 1_000;

/**
 * What a build's uncached steps took when they last ran in this project: the same instruction, whatever its
 * inputs. Undefined when none of them ever ran.
 */
export async function predictBuild(store: Store, build: Build): Promise<Prediction | undefined> {
  const ahead = build.steps.filter(isAhead).slice(0, MOST_STEPS);
  const wanted = new Set(ahead.map((step) => step.name));
  const lastRuns = new Map<string, string[]>();
  for (const earlier of await store.builds({ limit: EARLIER_BUILDS })) {
    if (earlier.ref === build.ref || !isSameProject(earlier, build)) continue;
    for (const step of earlier.steps) {
      if (!wanted.has(step.name) || lastRuns.has(step.name) || !hasRun(step)) continue;
      lastRuns.set(step.name, stepOwnerIds(earlier.ref, step));
    }
  }
  if (lastRuns.size === 0) return undefined;
  const sums = sumByOwner(await store.totals([...lastRuns.values()].flat()));
  const costOf = (ids: readonly string[]): Bytes =>
    ids.reduce((sum, id) => sum + totalBytes(sums.get(id)?.wan ?? { rxBytes: 0, txBytes: 0 }), 0);
  return {
    bytes: [...lastRuns.values()].reduce((sum, ids) => sum + costOf(ids), 0),
    unknownSteps: ahead.filter((step) => step.kind === 'run' && !lastRuns.has(step.name)).length,
  };
}

/** It runs or may still run: nothing was found for it in the cache. */
function isAhead(step: Step): boolean {
  return (
    (step.status === 'pending' || step.status === 'running') &&
    step.kind !== 'internal' &&
    step.kind !== 'export'
  );
}

function hasRun(step: Step): boolean {
  return step.status === 'done' && !step.unmetered && step.sharedWith === undefined;
}

function isSameProject(a: Build, b: Build): boolean {
  return a.project === undefined || b.project === undefined ? a.name === b.name : a.project === b.project;
}
