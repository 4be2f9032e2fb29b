import type { Step } from '../builds/types.js';
import { collapse, stepMatcher } from '../dockerfile/match.js';
import type { ResolvedStep } from '../dockerfile/resolve.js';
import type { EpochMs, Milliseconds } from '../units.js';

/** One layer that BuildKit keeps. */
export interface LayerState {
  description: string;
  createdAt: EpochMs | undefined;
}

const EXEC = /^mount \/ from exec /;
/** A layer's record is made when its step begins; COPY's when it ends. */
const SLACK: Milliseconds = 5000;

/**
 * Whether BuildKit still has the layer of this instruction, by its records: their description is the vertex's name
 * for COPY and the like, the arguments for RUN. The same words may be in other projects' records, so that one has
 * to be as old as a build's run of the step. True where that cannot be told.
 *
 * @param layers undefined when they cannot be read
 * @param past the step in the builds that came this far
 */
export function hasLayer(
  step: ResolvedStep,
  layers: readonly LayerState[] | undefined,
  past: readonly Step[],
): boolean {
  if (layers === undefined) return true;
  const isSame = describes(step);
  const found = layers.filter(({ description }) => isSame(description));
  const runs = past.filter(({ status, intervals }) => status === 'done' && intervals.length > 0);
  if (runs.length === 0) return found.length > 0;
  return found.some(({ createdAt }) => createdAt === undefined || runs.some((run) => isOf(run, createdAt)));
}

function isOf({ intervals }: Step, createdAt: EpochMs): boolean {
  const from = intervals[0]?.startedAt ?? 0;
  const to = intervals.at(-1)?.completedAt ?? from;
  return createdAt >= from - SLACK && createdAt <= to + SLACK;
}

function describes(step: ResolvedStep): (description: string) => boolean {
  const { keyword, documents, json, rest } = step.instruction;
  if (keyword === 'RUN') {
    if (documents.length > 0) return (layer) => EXEC.test(layer);
    const command = collapse(json === undefined ? rest : json.join(' '));
    return (layer) => EXEC.test(layer) && collapse(layer).endsWith(command);
  }
  const matches = stepMatcher(step.instruction);
  return (layer) => matches(layer.replace(/^\[[^\]\n]*\]\s*/, ''));
}
