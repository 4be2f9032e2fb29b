import type { Step } from '../builds/types.js';
import { stepMatcher } from '../dockerfile/match.js';
import type { ResolvedStep } from '../dockerfile/resolve.js';
import { withoutMark } from '../savings/identity.js';
import { isOnlyAsked } from '../savings/step-run.js';
import type { ColdCost } from '../savings/types.js';
import type { Bytes, EpochMs } from '../units.js';
import type { Candidate } from './chain.js';
import type { KnownBuild } from './types.js';

/** One time that an instruction ran to its end, with what it moved. */
export interface PastRun {
  ref: string;
  at: EpochMs;
  bytes: Bytes;
  /** All of its cache mounts were empty, or it has none; undefined when nobody saw. */
  wasCold: boolean | undefined;
  /** On the same layers and files as now. */
  hadSameInputs: boolean;
  mountRecords: string[];
  /** By the lock files that it had; undefined when they are not known. */
  packages: ReadonlySet<string> | undefined;
}

/** Newest first. What ADD only asked about, since BuildKit had it, is no run. */
export function pastRuns(
  step: ResolvedStep,
  builds: readonly KnownBuild[],
  same: readonly Candidate[],
  packagesIn: (known: KnownBuild) => ReadonlySet<string> | undefined = () => undefined,
): PastRun[] {
  const isAdd = step.instruction.keyword === 'ADD';
  const isRun = runsOf(step);
  const keyOf = (ref: string, digest: string) => (isAdd ? ref : `${ref} ${digest}`);
  const equal = new Set(same.map(({ known, at }) => keyOf(known.build.ref, at.digest)));
  const runs = builds.flatMap((known) =>
    known.build.steps
      .filter((each) => each.status === 'done' && each.intervals.length > 0 && isRun(each))
      .flatMap((each): PastRun[] => {
        const bytes = known.bytesOf(each);
        if (bytes === undefined || isOnlyAsked(each, known.build, bytes)) return [];
        const empty = each.cacheMounts.map((mount) => mount.emptyAtStart);
        return [
          {
            ref: known.build.ref,
            at: each.intervals[0]?.startedAt ?? known.build.startedAt,
            bytes,
            wasCold: empty.includes(false) ? false : empty.includes(undefined) ? undefined : true,
            hadSameInputs: equal.has(keyOf(known.build.ref, each.digest)),
            mountRecords: each.cacheMounts.flatMap((mount) => mount.recordId ?? []),
            packages: packagesIn(known),
          },
        ];
      }),
  );
  return runs.toSorted((one, other) => other.at - one.at);
}

/**
 * Finds what an instruction fetched. For ADD that is a vertex of its own, with the same name as the one that puts it
 * into the image; in a baseline its URL has a mark.
 */
function runsOf({ instruction }: ResolvedStep): (step: Step) => boolean {
  const matches = stepMatcher(instruction);
  if (instruction.keyword !== 'ADD') return (step) => matches(step.instruction);
  return ({ kind, instruction: text }) => (kind === 'add' || kind === 'git') && matches(withoutMark(text));
}

export interface KnownCold {
  cost: ColdCost;
  /** Of a step on the same layers and files as now. */
  hasSameInputs: boolean;
}

/** What the savings ledger says that the step costs cold: of a step with the same inputs, else of the newest. */
export function ledgersCold(
  step: ResolvedStep,
  builds: readonly KnownBuild[],
  same: readonly Candidate[],
): KnownCold | undefined {
  const isRun = runsOf(step);
  for (const { known, at } of same) {
    const cold = isRun(at) ? at : known.build.steps.find((each) => isRun(each));
    const cost = cold && known.coldOf?.(cold);
    if (cost !== undefined) return { cost, hasSameInputs: true };
  }
  for (const known of builds) {
    const found = known.build.steps.find((each) => isRun(each));
    const cost = found && known.coldOf?.(found);
    if (cost !== undefined) return { cost, hasSameInputs: false };
  }
  return undefined;
}
