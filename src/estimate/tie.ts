/** Which build an estimate was for, and how good it was. */
import { dockerfilePath } from '../advice/history.js';
import type { Build } from '../builds/types.js';
import { collapse } from '../dockerfile/match.js';
import type { Bytes, EpochMs, Milliseconds } from '../units.js';
import type { StepInput } from './types.js';

/** An estimate as it is kept. */
export interface KeptEstimate {
  id: number;
  madeAt: EpochMs;
  /** Absolute path of the context; empty when it is none. */
  context: string;
  /** Absolute path of the Dockerfile; empty when it came from standard input. */
  dockerfile: string;
  fetchBytes: Bytes | undefined;
  lowBytes: Bytes | undefined;
  highBytes: Bytes | undefined;
  /** By instruction; undefined once it is too old to be of use. */
  inputs: Readonly<Record<string, StepInput>> | undefined;
}

/** A build that follows later than that may have been of other files. */
const LONGEST_WAIT: Milliseconds = 15 * 60_000;

/** The estimate that each build followed, by the build's ref: the last one of its place before it, used once. */
export function tieEstimates(
  estimates: readonly KeptEstimate[],
  builds: readonly Build[],
): Map<string, KeptEstimate> {
  const used = new Set<number>();
  const tied = new Map<string, KeptEstimate>();
  const newestFirst = estimates.toSorted((one, other) => other.madeAt - one.madeAt);
  for (const build of builds.toSorted((one, other) => one.startedAt - other.startedAt)) {
    const found = newestFirst.find(
      (estimate) => estimate.madeAt <= build.startedAt && isPlaceOf(estimate, build),
    );
    if (found === undefined || used.has(found.id) || build.startedAt - found.madeAt > LONGEST_WAIT) continue;
    used.add(found.id);
    tied.set(build.ref, found);
  }
  return tied;
}

/**
 * Half of the estimates were off by less than this part of what was taken. Undefined when no build is known to have
 * followed one.
 */
export function medianError(
  tied: ReadonlyMap<string, KeptEstimate>,
  takenBy: (ref: string) => Bytes | undefined,
): { count: number; ratio: number | undefined } {
  const ratios = [...tied].flatMap(([ref, { fetchBytes }]) => {
    const taken = takenBy(ref);
    return taken === undefined || fetchBytes === undefined ? [] : [errorRatio(fetchBytes, taken)];
  });
  const sorted = ratios.toSorted((one, other) => one - other);
  return { count: sorted.length, ratio: sorted[Math.floor((sorted.length - 1) / 2)] };
}

/** Some kilobytes more or less are no error that a plan would notice. */
const NEGLIGIBLE: Bytes = 100_000;

function errorRatio(estimate: Bytes, taken: Bytes): number {
  const off = Math.abs(estimate - taken);
  return off <= NEGLIGIBLE ? 0 : off / Math.max(taken, NEGLIGIBLE);
}

function isPlaceOf({ context, dockerfile, inputs }: KeptEstimate, build: Build): boolean {
  const path = dockerfilePath(build);
  if (path !== undefined && dockerfile !== '') return path === dockerfile;
  if (build.context !== undefined) return build.context === context;
  // Nobody wrote down where it was built: then it is one of the same instructions.
  const did = new Set(build.steps.map((step) => collapse(step.instruction)));
  const took = Object.keys(inputs ?? {});
  return took.length > 0 && took.every((instruction) => did.has(instruction));
}
