import type { StepKind } from '../builds/types.js';
import type { ResolvedStage, ResolvedStep } from '../dockerfile/resolve.js';
import type { Candidate } from './chain.js';
import { coldCost, costOf } from './cost.js';
import { contextSources, isRemote } from './inputs.js';
import { filesBefore, packagesNow, packagesThen, sharedRecords } from './needed-packages.js';
import { ledgersCold, pastRuns } from './past-runs.js';
import type { EngineState, KnownBuild, Question, StepForecast } from './types.js';
import { warmthOf } from './warmth.js';

/** Why a step runs. */
export interface Broken {
  because: string;
  isCertain: boolean;
}

interface Surroundings {
  question: Question;
  builds: readonly KnownBuild[];
  engine: EngineState;
  stage: ResolvedStage;
  /** The build is told not to use caches. */
  forced: boolean;
}

/** It is found in the layer cache. */
export function cachedForecast(
  step: ResolvedStep,
  kind: StepKind,
  candidates: readonly Candidate[],
  builds: readonly KnownBuild[],
): StepForecast {
  const isCertain = candidates.some((each) => each.isCertain);
  const ref = candidates[0]?.known.build.ref.slice(0, 12) ?? '';
  const runs = pastRuns(step, builds, candidates);
  const cold = coldCost(runs, ledgersCold(step, builds, candidates));
  const downloads = kind === 'run' || isDownload(step);
  const doubt = isCertain || !downloads ? 0 : cold;
  return {
    name: step.text,
    kind: isDownload(step) ? 'add' : kind,
    line: step.instruction.line,
    willRun: false,
    because: isCertain
      ? `same as in build ${ref}`
      : `same as in build ${ref}, and nothing that it takes is newer than that`,
    fetchBytes: 0,
    lowBytes: 0,
    highBytes: doubt,
    basis: isCertain ? 'derived' : 'estimated',
    coldBytes: downloads ? cold : 0,
  };
}

/** It runs, and fetches what it needs. */
export function runForecast(
  step: ResolvedStep,
  kind: StepKind,
  broken: Broken,
  same: readonly Candidate[],
  { question, builds, engine, stage, forced }: Surroundings,
): StepForecast {
  const base = { name: step.text, kind, line: step.instruction.line, willRun: true };
  if (kind === 'copy' || (kind === 'add' && !isDownload(step))) {
    const nothing = { fetchBytes: 0, lowBytes: 0, highBytes: 0, basis: 'derived' as const, coldBytes: 0 };
    return { ...base, kind: 'copy', because: `${broken.because}; it takes local files only`, ...nothing };
  }
  const mounts = warmthOf(step.mounts, engine.caches, forced);
  const files = filesBefore(step, stage);
  const runs = pastRuns(step, builds, same, (known) => packagesThen(step, files, known));
  const ledger = ledgersCold(step, builds, same);
  const need = {
    packages: packagesNow(step, files, question.inputs),
    shared: sharedRecords(step, builds),
  };
  const cost = costOf(runs, mounts, ledger, need);
  return {
    ...base,
    because: [broken.because, mounts.because, cost.because].filter((text) => text !== '').join('; '),
    fetchBytes: cost.bytes,
    lowBytes: broken.isCertain ? cost.lowBytes : 0,
    highBytes: cost.highBytes,
    basis: cost.basis,
    coldBytes: coldCost(runs, ledger),
  };
}

function isDownload(step: ResolvedStep): boolean {
  return (
    step.instruction.keyword === 'ADD' && contextSources(step).length === 0 && step.sources.some(isRemote)
  );
}
