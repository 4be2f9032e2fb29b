import { hasGrown } from '../builds/blob-progress.js';
import { isCacheImport } from '../builds/step-name.js';
import type { Build, Step } from '../builds/types.js';
import type { Tier } from '../metering/types.js';
import type { Bytes } from '../units.js';
import { type Baselines, baselineQuery } from './baselines.js';
import { mayFetch } from './identity.js';
import { declaredCost, fetchedElsewhere, ownCost, spentOf, wasCold } from './own-cost.js';
import type { FetchedFor } from './proxy-share.js';
import { exactly, minus } from './range.js';
import { isOnlyAsked } from './step-run.js';
import { ranMs } from './times.js';
import type { Actual, ColdCost, Range, Saving, SavingCause, StepLedger } from './types.js';

/** A difference below this is noise: retransmissions, other mirrors, a package's new patch level. */
const NOISE_SHARE = 0.03;
const NOISE_BYTES: Bytes = 64 << 10;

export interface LedgerFacts {
  build: Build;
  tier: Tier;
  /** Undefined when its bytes are not known. */
  actualOf(step: Step): Actual | undefined;
  baselines: Baselines;
  fetchedFor: FetchedFor;
}

/** One step's page: what it would have cost cold, and the causes for which it cost less. */
export function stepLedger(step: Step, facts: LedgerFacts): StepLedger {
  const actual = step.unmetered ? undefined : facts.actualOf(step);
  if (!mayFetch(step)) return neutral(step, actual, facts);
  const state = stateOf(step, facts.build, actual && spentOf(actual));
  const cold = coldOf(step, state, actual, facts);
  if (state === 'unfinished')
    return { ...nothing(cold, actual && spent(actual, step, facts)), isUnknown: false };
  if (actual === undefined) return { ...nothing(cold, undefined), isUnknown: true };
  const proxied = proxySaving(step, actual, facts);
  const actualBytes = spent(actual, step, facts);
  if (cold === undefined) {
    return { ...nothing(undefined, actualBytes), savings: proxied && [proxied], isUnknown: true };
  }
  const spentBytes = spentOf(actual);
  const rest = minus(cold, exactly(spentBytes + (state === 'ran' ? fetchedElsewhere(step, spentBytes) : 0)));
  const caused = restSaving(step, state, rest, cold, facts);
  const savings = [caused, proxied].filter((saving) => saving !== undefined);
  return {
    cold,
    actualBytes,
    savings,
    residualBytes: cold.bytes - actualBytes - savings.reduce((sum, { bytes }) => sum + bytes, 0),
    isUnknown: false,
    isNeutral: false,
    workAvoidedMs: workAvoided(step, state, cold),
  };
}

type State = 'ran' | 'cached' | 'shared' | 'unfinished';

function stateOf(step: Step, build: Build, spent: Bytes | undefined): State {
  if (step.status === 'shared') return 'shared';
  if (step.status === 'cached' || isOnlyAsked(step, build, spent)) return 'cached';
  return step.status === 'done' ? 'ran' : 'unfinished';
}

/** A step that ran cold is its own baseline. */
function coldOf(
  step: Step,
  state: State,
  actual: Actual | undefined,
  facts: LedgerFacts,
): ColdCost | undefined {
  const own = state === 'ran' ? ownCost(step, actual, facts.tier) : undefined;
  if (own !== undefined) return own;
  const isCached = state === 'cached' || state === 'shared';
  const seen = facts.baselines.best({ ...baselineQuery(step, facts.build), isCached });
  return seen?.basis === 'measured' ? seen : (costOfManifest(step, actual, facts) ?? seen);
}

/** An image that nobody saw being pulled says by its manifest what that took. */
function costOfManifest(
  step: Step,
  actual: Actual | undefined,
  { build }: LedgerFacts,
): ColdCost | undefined {
  const declared = step.kind === 'from' ? step.declared?.[0] : undefined;
  if (declared === undefined || actual === undefined) return undefined;
  const range = declaredCost(declared, spentOf(actual));
  return { ...range, basis: declared.basis, at: endOf(step, build), durationMs: undefined };
}

/** What was not downloaded beside what proxies gave. */
function restSaving(
  step: Step,
  state: State,
  rest: Range,
  cold: ColdCost,
  facts: LedgerFacts,
): Saving | undefined {
  const cause = causeOf(step, state);
  if (cause === undefined) return undefined;
  // What may be a saving is told with its range, though none of it is counted.
  const most =
    cold.basis === 'estimated' ? Math.max(Math.abs(rest.bytes), rest.highBytes) : Math.abs(rest.bytes);
  const isNoise = most < Math.max(cold.bytes * NOISE_SHARE, NOISE_BYTES);
  if (state === 'ran' && isNoise) return undefined;
  const marginalBytes = cause === 'layer-cache' ? marginalOf(step, cold, facts) : undefined;
  return { ...rest, cause, marginalBytes, basis: cold.basis };
}

/** Of a step that ran and had nothing in its mounts, what is left is no saving. */
function causeOf(step: Step, state: State): SavingCause | undefined {
  if (state === 'shared') return 'shared-build';
  if (step.kind === 'from') {
    const isWholePull = step.blobs.length > 0 && step.blobs.every(hasGrown);
    return state === 'cached' || !isWholePull ? 'local-image' : undefined;
  }
  if (state === 'cached') return 'layer-cache';
  return wasCold(step) ? undefined : 'cache-mount';
}

/** Without the layer cache the step would have run, with what is in its cache mounts. */
function marginalOf(step: Step, cold: ColdCost, { build, baselines }: LedgerFacts): Bytes | undefined {
  if (!hasCacheMount(step)) return cold.bytes;
  return baselines.warm(baselineQuery(step, build))?.spentBytes;
}

function hasCacheMount({ cacheMounts }: Step): boolean {
  return cacheMounts.length > 0;
}

function proxySaving(step: Step, actual: Actual, { build, fetchedFor }: LedgerFacts): Saving | undefined {
  const delivered = spentOf(actual) - actual.wanBytes;
  if (delivered === 0) return undefined;
  const fetched = fetchedFor(actual.proxies, endOf(step, build));
  const basis = fetched.isKnown ? 'measured' : 'estimated';
  return { ...minus(exactly(delivered), fetched), cause: 'proxy', marginalBytes: undefined, basis };
}

/** W + F. */
function spent(actual: Actual, step: Step, { build, fetchedFor }: LedgerFacts): Bytes {
  return Math.round(actual.wanBytes) + fetchedFor(actual.proxies, endOf(step, build)).bytes;
}

/**
 * What runs alike in every build: look-ups, copies, uploads of results. Importing a cache, and pulling a layer
 * of it, is the price of what it saves.
 */
function neutral(step: Step, actual: Actual | undefined, facts: LedgerFacts): StepLedger {
  if (actual === undefined) return { ...nothing(undefined, undefined), isUnknown: false, isNeutral: true };
  const isImport = step.pullsCache || isCacheImport(step.instruction);
  const proxied = proxySaving(step, actual, facts);
  const moved = spentOf(actual);
  const at = endOf(step, facts.build);
  const price: Saving[] =
    isImport && moved > 0
      ? [{ ...exactly(-moved), cause: 'layer-cache', marginalBytes: undefined, basis: 'measured' }]
      : [];
  const isOver = step.status === 'done' || step.status === 'cached';
  const cold: ColdCost = {
    ...exactly(isImport ? 0 : moved),
    basis: proxied === undefined ? 'measured' : 'derived',
    at,
    durationMs: undefined,
  };
  return {
    cold,
    actualBytes: spent(actual, step, facts),
    savings: isOver ? [...price, ...(proxied === undefined ? [] : [proxied])] : undefined,
    residualBytes: isOver ? 0 : undefined,
    isUnknown: false,
    isNeutral: true,
    workAvoidedMs: undefined,
  };
}

function workAvoided(step: Step, state: State, { durationMs }: ColdCost): number | undefined {
  if (durationMs === undefined) return undefined;
  return Math.round(durationMs - (state === 'shared' ? 0 : ranMs(step)));
}

function nothing(cold: ColdCost | undefined, actualBytes: Bytes | undefined): Omit<StepLedger, 'isUnknown'> {
  return {
    cold,
    actualBytes,
    savings: undefined,
    residualBytes: undefined,
    isNeutral: false,
    workAvoidedMs: undefined,
  };
}

function endOf(step: Step, build: Build): number {
  return step.intervals.at(-1)?.completedAt ?? build.completedAt ?? build.startedAt;
}
