import type { Owner } from '../metering/types.js';
import type { EpochMs, Interval } from '../units.js';
import { hasGrown } from './blob-progress.js';
import { cutText } from './limits.js';
import { isCacheImport, isLookup } from './step-name.js';
import { type SourceEndpoint, stepEndpoints, stepSources } from './step-sources.js';
import type { BlobProgress, Build, Step } from './types.js';

/** A step whose bytes the engine itself moves. */
export interface SourceStep {
  owner: Owner;
  step: Step;
  /** Asks only what there is, which takes a few KB: for a manifest, or whether a repository has changed. */
  lookup: boolean;
  endpoints: SourceEndpoint[];
  /** Its blobs, but for those that a step which began earlier shows at the same time: they were fetched once. */
  blobs: BlobProgress[];
}

/** The source steps that these builds ran themselves, in an order that does not depend on theirs. */
export function sourceSteps(builds: readonly Build[]): SourceStep[] {
  const found = builds.flatMap((build) =>
    build.steps
      .filter((step) => isSource(step))
      .map((step) => ({
        owner: sourceOwner(step, build),
        step,
        lookup: isLookup(step.instruction) || (step.status === 'cached' && !step.pullsCache),
        endpoints: endpointsOf(step, build),
        blobs: step.blobs,
      })),
  );
  return withoutTwins(found.sort((a, b) => (a.owner.id < b.owner.id ? -1 : 1)));
}

/** The layers of an imported cache come from where its manifest did. */
function endpointsOf(step: Step, build: Build): SourceEndpoint[] {
  if (!step.pullsCache) return stepEndpoints(step, build);
  const imports = build.steps.filter(({ instruction }) => isCacheImport(instruction));
  return imports.flatMap((each) => stepEndpoints(each, build));
}

/** Leaves each blob to the step that began first, as long as it was fetched. */
function withoutTwins(steps: SourceStep[]): SourceStep[] {
  const fetched = new Map<string, Interval[]>();
  const own = new Map<SourceStep, BlobProgress[]>();
  for (const source of [...steps].sort((a, b) => beganAt(a) - beganAt(b))) {
    const blobs = source.blobs.filter((blob) => {
      if (!hasGrown(blob)) return false;
      const range = { from: blob.samples[0]!.at, to: blob.samples.at(-1)!.at };
      const known = fetched.get(blob.id) ?? [];
      if (known.some(({ from, to }) => from < range.to && range.from < to)) return false;
      fetched.set(blob.id, [...known, range]);
      return true;
    });
    own.set(source, blobs);
  }
  return steps.map((source) => ({ ...source, blobs: own.get(source)! }));
}

function beganAt({ step }: SourceStep): EpochMs {
  return step.intervals[0]?.startedAt ?? 0;
}

/** Owner of what a source step moves: a pull for images, a step for ADD, git and uploads. */
export function sourceOwner(step: Step, build: Build): Owner {
  const id = `source:${build.ref}/${step.digest}`;
  const facts = { buildRef: build.ref, stepDigest: step.digest };
  const isPull = step.kind === 'from' || isLookup(step.instruction);
  if (!isPull) return { id, kind: 'step', name: step.instruction, facts };
  const image = cutText(stepSources(step, build)[0] ?? step.instruction, 512);
  return { id, kind: 'pull', name: image, facts: { ...facts, image } };
}

function isSource(step: Step): boolean {
  if (step.sharedWith !== undefined || step.status === 'shared' || step.intervals.length === 0) return false;
  if (step.pullsCache) return true;
  if (step.kind === 'export') return step.blobs.length > 0;
  return ['from', 'add', 'git'].includes(step.kind) || isLookup(step.instruction);
}
