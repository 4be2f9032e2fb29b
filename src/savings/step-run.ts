import type { Build, Step } from '../builds/types.js';
import type { Tier } from '../metering/types.js';
import type { Bytes } from '../units.js';
import { type CacheUser, costOfAttempts, fillAfter, knownMounts, withGap } from './cache-fill.js';
import { lineageOf, mayFetch, placeOf, shownLineage } from './identity.js';
import { declaredCost, ownCost, spentOf, wasCold } from './own-cost.js';
import { installedBy, shareOfUse } from './packages.js';
import { beganAt, ranMs } from './times.js';
import type { Actual, CacheFill, ColdCost, StepRun } from './types.js';

/** Redirects, certificates, headers: no answer that nothing has changed takes more. */
const LONGEST_ANSWER: Bytes = 64 << 10;

/** A build that has ended, with what its steps moved; to be recorded once. */
export interface EndedBuild {
  build: Build;
  tier: Tier;
  /** Undefined when its bytes are not known. */
  actualOf(step: Step): Actual | undefined;
}

export interface Records {
  runs: StepRun[];
  /** The caches that its steps used, as they are now. */
  fills: CacheFill[];
}

/**
 * What an ended build adds to the records, in the order its steps ran.
 *
 * @param known the caches that its steps used, by record id and by the id that Dockerfiles use
 */
export function recordBuild({ build, tier, actualOf }: EndedBuild, known: readonly CacheFill[]): Records {
  const fills = new Map(known.map((fill) => [fill.recordId, fill]));
  const runs: StepRun[] = [];
  for (const step of byStart(build.steps)) {
    const actual = step.unmetered ? undefined : actualOf(step);
    if (!hasRun(step, build, actual && spentOf(actual))) continue;
    const before = knownMounts(step).map(({ recordId }) => fills.get(recordId)?.packages);
    const share = shareOfUse(before, installedBy(step.clientLogs));
    const used = fill(step, build, actual, fills);
    const cold =
      actual && (ownCost(step, actual, tier) ?? warmCost(step, build, actual, { fills: used, share }));
    if (actual !== undefined && step.status === 'done') runs.push(runOf(step, build, actual, cold));
  }
  return { runs, fills: [...fills.values()] };
}

/** Ids of caches that a build's steps used, to look the fills up by. */
export function cachesOf(build: Build): { recordIds: string[]; cacheIds: string[] } {
  const mounts = build.steps.filter((step) => hasRun(step, build)).flatMap((step) => step.cacheMounts);
  return {
    recordIds: [...new Set(mounts.map((mount) => mount.recordId).filter((id) => id !== undefined))],
    cacheIds: [...new Set(mounts.map((mount) => mount.id).filter((id) => id !== undefined))],
  };
}

/** It ran here, not only being asked whether it had changed, and is over. @param spent what it moved */
export function hasRun(step: Step, build: Build, spent?: Bytes): boolean {
  const over = step.status === 'done' || step.status === 'failed' || step.status === 'canceled';
  if (!over || step.sharedWith !== undefined || step.intervals.length === 0 || !mayFetch(step)) return false;
  return !isOnlyAsked(step, build, spent);
}

/**
 * A source whose users were all cached was only asked whether it had changed; or it was fetched, and what came was the
 * same as before. @param spent what it moved; undefined when that is not known
 */
export function isOnlyAsked(step: Step, build: Build, spent: Bytes | undefined): boolean {
  if (step.status !== 'done' || (step.kind !== 'add' && step.kind !== 'git')) return false;
  if (spent !== undefined && spent > LONGEST_ANSWER) return false;
  const users = build.steps.filter((user) => user.inputs.includes(step.digest));
  return users.length > 0 && users.every((user) => user.status === 'cached');
}

function fill(
  step: Step,
  build: Build,
  actual: Actual | undefined,
  fills: Map<string, CacheFill>,
): CacheFill[] {
  const use = {
    user: userOf(step, build),
    beganAt: beganAt(step) ?? build.startedAt,
    endedAt: step.intervals.at(-1)?.completedAt ?? build.completedAt ?? build.startedAt,
    spentBytes: actual && spentOf(actual),
    installed: installedBy(step.clientLogs),
  };
  const mounts = knownMounts(step);
  // Which cache a mount of an unseen step was is not known: any that goes by its id.
  const unseen = step.cacheMounts.filter((mount) => mount.recordId === undefined).map((mount) => mount.id);
  for (const known of fills.values()) {
    if (unseen.includes(known.cacheId)) fills.set(known.recordId, withGap(known));
  }
  for (const mount of mounts) fills.set(mount.recordId, fillAfter(fills.get(mount.recordId), mount, use));
  return unseen.length > 0 ? [] : mounts.map((mount) => fills.get(mount.recordId)!);
}

/** Of a step that found something in its caches: by what it declared, or by the attempts before it. */
function warmCost(
  step: Step,
  build: Build,
  actual: Actual,
  { fills, share }: { fills: readonly CacheFill[]; share: number | undefined },
): ColdCost | undefined {
  const endedAt = step.intervals.at(-1)?.completedAt;
  if (step.status !== 'done' || endedAt === undefined) return undefined;
  const spent = spentOf(actual);
  const declared = step.declared?.[0];
  const common = { at: endedAt, durationMs: undefined };
  if (declared?.basis === 'derived') return { ...declaredCost(declared, spent), basis: 'derived', ...common };
  const attempts = step.kind === 'run' ? costOfAttempts(fills, userOf(step, build), spent, share) : undefined;
  if (attempts?.basis === 'derived' || declared === undefined) return attempts && { ...attempts, ...common };
  return { ...declaredCost(declared, spent), basis: 'estimated', ...common };
}

function runOf(step: Step, build: Build, actual: Actual, cold: ColdCost | undefined): StepRun {
  return {
    ref: build.ref,
    digest: step.digest,
    lineage: lineageOf(step),
    shown: shownLineage(step),
    place: placeOf(build),
    stage: step.stage,
    platform: step.platform,
    inputs: step.inputLayer,
    endedAt: step.intervals.at(-1)?.completedAt ?? build.startedAt,
    durationMs: ranMs(step),
    spentBytes: Math.round(spentOf(actual)),
    wasCold: wasCold(step),
    cold,
  };
}

function userOf(step: Step, build: Build): CacheUser {
  return { lineage: lineageOf(step), name: placeOf(build).name };
}

function byStart(steps: readonly Step[]): Step[] {
  return [...steps].sort((a, b) => (beganAt(a) ?? 0) - (beganAt(b) ?? 0));
}
