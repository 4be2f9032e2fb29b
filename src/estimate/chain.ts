/** Follows a stage through builds that were: which of them came this far by the same steps on the same files. */
import { isSameImage, parseImageName } from '../builds/join-images.js';
import type { Step } from '../builds/types.js';
import { stepMatcher } from '../dockerfile/match.js';
import type { ResolvedStep } from '../dockerfile/resolve.js';
import { compareInput } from './inputs.js';
import type { KnownBuild, StepInputs } from './types.js';

/** A build that did all steps up to here, with the vertex that did the last of them. */
export interface Candidate {
  known: KnownBuild;
  at: Step;
  /** Every file was compared by content. */
  isCertain: boolean;
}

export interface Followed {
  candidates: Candidate[];
  /** Why the newest build that did the instruction does not count; undefined when no build did it. */
  because: string | undefined;
  /** False where only a file's time speaks against it. */
  isCertain: boolean;
}

const DONE: ReadonlySet<string> = new Set(['done', 'cached', 'shared']);
/** Vertices between two instructions: WORKDIR, merges of COPY --link. */
const MOST_BETWEEN = 6;

/** Builds that started a stage from this image; a digest that is another one now counts as another image. */
export function fromImage(
  image: string,
  digest: string | undefined,
  builds: readonly KnownBuild[],
): Followed {
  const wanted = parseImageName(image);
  let because: string | undefined;
  const candidates = builds.flatMap((known) => {
    const step = known.build.steps.find(({ kind, instruction, status }) => {
      return kind === 'from' && DONE.has(status) && isImage(instruction, wanted);
    });
    if (step === undefined) return [];
    const then = /@(sha256:[0-9a-f]{64})/.exec(step.instruction)?.[1];
    if (digest === undefined || then === undefined || digest === then)
      return [{ known, at: step, isCertain: true }];
    because ??= `${image} is another image now than in build ${known.build.ref.slice(0, 12)}`;
    return [];
  });
  return { candidates, because, isCertain: true };
}

/** Stages on `scratch` begin with nothing: every build did that. */
export function fromScratch(builds: readonly KnownBuild[]): Followed {
  const nothing = { digest: '', inputs: [] } as unknown as Step;
  return {
    candidates: builds.map((known) => ({ known, at: nothing, isCertain: true })),
    because: undefined,
    isCertain: true,
  };
}

/** Those of the candidates that did this step, too, on the same files. */
export function followStep(step: ResolvedStep, from: readonly Candidate[], inputs: StepInputs): Followed {
  const matches = stepMatcher(step.instruction);
  const isLinked = step.instruction.flags.some(({ name, value }) => name === 'link' && value !== 'false');
  let because: string | undefined;
  let isCertain = true;
  let variable: string | undefined;
  const candidates = from.flatMap((candidate): Candidate[] => {
    const { known, at } = candidate;
    const found = known.build.steps.find(
      (each) =>
        DONE.has(each.status) &&
        matches(each.instruction) &&
        (isLinked || at.digest === '' || follows(each, at, known)),
    );
    if (found === undefined) return [];
    const other = otherVariable(step, found, known);
    if (other !== undefined) {
      variable ??= other;
      return [];
    }
    const verdict = compareInput(step, inputs, known);
    if (verdict.kind !== 'changed') {
      return [{ known, at: found, isCertain: candidate.isCertain && verdict.kind === 'same' }];
    }
    if (because === undefined) ({ because, isCertain } = verdict);
    return [];
  });
  if (variable === undefined) return { candidates, because, isCertain };
  // Where a build is known to have had another value, those of which that is not known are not relied on.
  const sure = candidates.filter(({ known, at }) => known.environmentOf?.(at) !== undefined);
  return { candidates: sure, because: because ?? variable, isCertain: candidates.length === 0 };
}

/** What to say when a step had other values of variables in a build. */
function otherVariable(step: ResolvedStep, found: Step, known: KnownBuild): string | undefined {
  const ref = known.build.ref.slice(0, 12);
  const had = step.instruction.keyword === 'RUN' ? known.environmentOf?.(found) : undefined;
  if (had === undefined) {
    return isSaidSo(step, found) ? undefined : `a variable in it has another value than in build ${ref}`;
  }
  for (const [name, value] of step.variables) {
    if (had.has(`${name}=${value}`) || !isCompared(name, value)) continue;
    return `the variable ${name} has another value than in build ${ref}`;
  }
  return undefined;
}

/** `${name%.gz}` and `\\$name`, which not all frontends read alike. */
const UNSURE = /\$\{\w+[^\w}]|\\\$/;

/** BuildKit names steps with the values of their variables in place, which is all that old builds tell of them. */
function isSaidSo({ instruction, text }: ResolvedStep, found: Step): boolean {
  if (text === instruction.text || UNSURE.test(instruction.text)) return true;
  return stepMatcher({ ...instruction, text })(found.instruction);
}

/**
 * Proxies are no part of what BuildKit compares, nor are arguments without a value; what stands for a
 * variable of the base image is not known.
 */
function isCompared(name: string, value: string): boolean {
  return !/^(?:https?|ftp|no|all)_proxy$/i.test(name) && value !== '' && !value.includes('$');
}

function follows(step: Step, at: Step, { build }: KnownBuild): boolean {
  const byDigest = new Map(build.steps.map((each) => [each.digest, each]));
  let open = [...step.inputs];
  for (let depth = 0; depth < MOST_BETWEEN && open.length > 0; depth++) {
    if (open.includes(at.digest)) return true;
    const between = open.flatMap((digest) => byDigest.get(digest) ?? []);
    open = between.filter(isBetween).flatMap((each) => each.inputs);
  }
  return false;
}

function isBetween({ kind, instruction }: Step): boolean {
  return kind === 'internal' || instruction.startsWith('WORKDIR') || instruction.includes('--link');
}

function isImage(instruction: string, wanted: ReturnType<typeof parseImageName>): boolean {
  const shown = instruction.replace(/^FROM\s+(?:--\S+\s+)*/, '').replace(/^docker-image:\/\//, '');
  const name = parseImageName(shown.split(/\s/)[0] ?? '');
  return name.name === wanted.name || isSameImage(name, wanted) === true;
}
