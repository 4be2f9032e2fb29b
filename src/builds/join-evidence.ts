import type { Candidate, Process, Surroundings } from './join-candidates.js';
import { compareDefinition } from './join-definitions.js';
import { compareLineage } from './join-lineage.js';
import { hasMountsOf } from './join-mounts.js';
import type { Execution } from './types.js';

export interface Weighed {
  candidates: Candidate[];
  /** False when what was left out may be wrong: then not even an only candidate is certain. */
  certain: boolean;
}

type Test = (candidate: Candidate) => boolean;

/**
 * Leaves the candidates that everything else speaks for: how well the command fits, what the provenance says,
 * mounts, names of the layers below, vertices that made layers below and above. Evidence may be missing or (a cached
 * layer has the name of an older build) old, so each kind only chooses between several.
 */
export function weigh(process: Process, candidates: Candidate[], around: Surroundings): Weighed {
  const { execution } = process;
  if (execution === undefined) return { candidates, certain: false };
  let left = prefer(candidates, ({ command }) => command === 'same');
  left = byDefinition(left, execution, around);
  left = prefer(left, ({ index, step }) => {
    const run = index.run(step);
    return run === undefined || hasMountsOf(run, execution);
  });
  left = prefer(left, (candidate) => hasHeirs(process, candidate));
  left = prefer(left, (candidate) => standsOnItsParent(execution, candidate, around));
  left = prefer(left, (candidate) => continuesChain(execution, candidate, around));
  const byLineage = weighLineage(left, execution);
  const proven = byLineage.candidates.every(
    ({ step, command }) =>
      command === 'same' &&
      (byLineage.certain || compareDefinition(execution, around.definitions.get(step.digest)) === 'same'),
  );
  return { candidates: byLineage.candidates, certain: proven };
}

function byDefinition(candidates: Candidate[], execution: Execution, around: Surroundings): Candidate[] {
  const verdict = ({ step }: Candidate) => compareDefinition(execution, around.definitions.get(step.digest));
  const same = prefer(candidates, (candidate) => verdict(candidate) === 'same');
  return prefer(same, (candidate) => verdict(candidate) !== 'other');
}

/** A layer's name speaks for a candidate, or only against the others: then it may be an old name. */
function weighLineage(candidates: Candidate[], execution: Execution): Weighed {
  const verdicts = new Map(
    candidates.map((one) => [one, compareLineage(execution.lineage, one.step, one.index)] as const),
  );
  const having = (...wanted: string[]) =>
    candidates.filter((one) => wanted.includes(verdicts.get(one) ?? ''));
  const named = having('same');
  if (named.length > 0) return { candidates: named, certain: true };
  const unknown = having('unknown');
  if (unknown.length > 0) return { candidates: unknown, certain: having('other').length === 0 };
  const renamed = having('other');
  if (renamed.length > 0) return { candidates: renamed, certain: true };
  return { candidates, certain: candidates.length === 0 };
}

/** Whether all that ran on this process's layer depends on the vertex. */
function hasHeirs({ heirs }: Process, { step }: Candidate): boolean {
  return heirs.every(({ index, digest }) => {
    const heir = index.step(digest);
    return heir !== undefined && index.dependsOn(heir, step.digest);
  });
}

/** Whether the layer that the vertex below made, if it ran in this build, is below this process. */
function standsOnItsParent(execution: Execution, { index, step }: Candidate, around: Surroundings): boolean {
  const parent = index.rootParent(step);
  const layers = parent === undefined ? [] : around.layersOf(parent.digest, index.startedAt);
  return layers.length === 0 || layers.some((layer) => execution.lowerIds.includes(layer));
}

/** Whether the vertex depends on one that made a layer below, or one that is mounted. */
function continuesChain(execution: Execution, { index, step }: Candidate, around: Surroundings): boolean {
  const volumes = execution.mounts.flatMap(({ snapshotId }) => snapshotId ?? []);
  const makers = [...execution.lowerIds, ...volumes].flatMap((layer) => around.makerOf(layer) ?? []);
  return makers.some((maker) => index.dependsOn(step, maker));
}

/** Those that pass, or all where none does. */
function prefer(candidates: Candidate[], test: Test): Candidate[] {
  if (candidates.length < 2) return candidates;
  const passed = candidates.filter(test);
  return passed.length > 0 ? passed : candidates;
}
