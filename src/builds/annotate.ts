/** A build as BuildKit tells it, with what was found out beside: who ran its steps, and how sure that is. */
import type { Attribution } from '../metering/types.js';
import type { Bytes, EpochMs } from '../units.js';
import { cacheMountsOf } from './cache-mounts.js';
import { declaredCosts } from './declared.js';
import { commandOf, inputLayerOf } from './step-inputs.js';
import type { Build, Execution, ExecutionMatch, Step } from './types.js';

export interface Findings {
  /** Matches of one step of this build. */
  matchesOf(digest: string): readonly ExecutionMatch[];
  execution(executorId: string): Execution | undefined;
  /** How sure the bytes of a source step are; undefined when it got none. */
  sourceAttribution(digest: string): 'inferred' | 'shared' | undefined;
  /** What a pull of a source step's image transfers, compressed; undefined when not known. */
  imageBytes?: ((step: Step) => Bytes | undefined) | undefined;
  /** Since when bytes have been counted without a gap. */
  countedSince: EpochMs;
}

export function annotate(build: Build, findings: Findings): Build {
  return { ...build, steps: build.steps.map((step) => annotateStep(step, findings)) };
}

function annotateStep(step: Step, findings: Findings): Step {
  const matches = step.sharedWith === undefined ? matchesOf(step, findings) : [];
  const executions = matches
    .map((match) => findings.execution(match.executorId))
    .filter((execution) => execution !== undefined);
  const unmetered = isUnmetered(step, matches, findings.countedSince);
  return {
    ...step,
    executorIds: matches.map((match) => match.executorId),
    attribution: unmetered
      ? 'unattributed'
      : attributionOf(step, matches, findings.sourceAttribution(step.digest)),
    unmetered,
    cacheMounts: cacheMountsOf(step.instruction, executions),
    command: executions[0] && commandOf(executions[0]),
    declared: declaredCosts(step.clientLogs ?? [], findings.imageBytes?.(step)),
    inputLayer: executions[0] && inputLayerOf(executions[0], step.instruction),
  };
}

/**
 * Each executor once. Steps of an engine without vertices were made from their process, so that nothing had
 * to be found out about them.
 */
function matchesOf(step: Step, findings: Findings): Pick<ExecutionMatch, 'executorId' | 'attribution'>[] {
  const found = findings
    .matchesOf(step.digest)
    .filter(({ executorId }) => !step.executorIds.includes(executorId));
  return [...step.executorIds.map((executorId) => ({ executorId, attribution: 'exact' as const })), ...found];
}

function attributionOf(
  step: Step,
  matches: readonly Pick<ExecutionMatch, 'attribution'>[],
  source: 'inferred' | 'shared' | undefined,
): Attribution {
  if (step.sharedWith !== undefined) return 'shared';
  if (matches.length > 0)
    return matches.every((match) => match.attribution === 'exact') ? 'exact' : 'inferred';
  if (source !== undefined) return source;
  return step.kind === 'copy' || step.kind === 'internal' || !hasRun(step) ? 'exact' : 'inferred';
}

/** Nobody saw which process it was, or it had begun before anything was counted. */
function isUnmetered(step: Step, matches: readonly unknown[], countedSince: EpochMs): boolean {
  if (step.sharedWith !== undefined || !hasRun(step)) return false;
  if (step.kind === 'copy' || step.kind === 'internal') return false;
  const began = step.intervals[0]?.startedAt ?? countedSince;
  return began < countedSince || (step.kind === 'run' && matches.length === 0);
}

/** Did work of its own, so that there may be bytes nobody could tie to it. */
function hasRun(step: Step): boolean {
  return step.status !== 'cached' && step.status !== 'pending' && step.intervals.length > 0;
}
