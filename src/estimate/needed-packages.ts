/** Which packages a step's lock files name, now and in builds that were. */
import { stepMatcher } from '../dockerfile/match.js';
import type { ResolvedStage, ResolvedStep } from '../dockerfile/resolve.js';
import { inputKey } from './inputs.js';
import { installsBy } from './lock-files.js';
import type { KnownBuild, StepInput, StepInputs } from './types.js';

/** Steps of its stage, and of those that this builds on, whose files a step finds: its own are among them. */
export function filesBefore(step: ResolvedStep, stage: ResolvedStage): ResolvedStep[] {
  const found = stage.steps.slice(0, stage.steps.indexOf(step) + 1);
  for (let { parent } = stage; parent !== undefined; { parent } = parent) found.unshift(...parent.steps);
  return found;
}

/** Undefined when none of the files is a lock file that this step may install by. */
export function packagesNow(
  step: ResolvedStep,
  files: readonly ResolvedStep[],
  inputs: StepInputs,
): ReadonlySet<string> | undefined {
  return packagesOf(step, files, (each) => inputs.get(String(each.instruction.line)));
}

export function packagesThen(
  step: ResolvedStep,
  files: readonly ResolvedStep[],
  { inputs }: KnownBuild,
): ReadonlySet<string> | undefined {
  return packagesOf(step, files, (each) => inputs?.get(inputKey(each)));
}

/** Cache mounts that other steps used, too: what these put there is not known. */
export function sharedRecords(step: ResolvedStep, builds: readonly KnownBuild[]): ReadonlySet<string> {
  const matches = stepMatcher(step.instruction);
  const others = builds.flatMap(({ build }) =>
    build.steps.filter(({ intervals, instruction }) => intervals.length > 0 && !matches(instruction)),
  );
  const used = others.flatMap(({ cacheMounts }) => cacheMounts.flatMap(({ recordId }) => recordId ?? []));
  return new Set(used);
}

function packagesOf(
  step: ResolvedStep,
  files: readonly ResolvedStep[],
  inputOf: (step: ResolvedStep) => StepInput | undefined,
): ReadonlySet<string> | undefined {
  const locks = files.flatMap((each) => Object.entries(inputOf(each)?.packages ?? {}));
  const read = locks.filter(([path]) => installsBy(step.text, path));
  return read.length === 0 ? undefined : new Set(read.flatMap(([, packages]) => packages));
}
