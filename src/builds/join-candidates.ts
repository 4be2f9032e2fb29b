import type { EpochMs, Milliseconds } from '../units.js';
import type { CommandKeys, CommandMatch } from './command.js';
import type { StepDefinition } from './join-definitions.js';
import type { BuildIndex } from './join-index.js';
import type { Execution, Step, StepInterval } from './types.js';

/** A vertex that a process may be, in the build that it belongs to. */
export interface Candidate {
  index: BuildIndex;
  step: Step;
  /** The interval of the vertex that the process fits into. */
  interval: StepInterval;
  /** `time`: nothing but the time speaks for it. */
  command: CommandMatch | 'time';
}

/** What is known of a process: an execution, or only that its cgroup came and went. */
export interface Process {
  id: string;
  engine: string;
  from: EpochMs;
  /** It had begun by then; later than `from` when only a period is known in which it did. */
  begunBy: EpochMs;
  /** It was still there then. */
  alive: EpochMs;
  /** It was gone by then; undefined while it runs. */
  until: EpochMs | undefined;
  /** Of two, the one that began later has the larger one; undefined when that is not known. */
  order: number | undefined;
  execution: Execution | undefined;
  keys: CommandKeys | undefined;
  /** Vertices of processes that ran on top of this one's layer. */
  heirs: readonly { index: BuildIndex; digest: string }[];
}

/** What candidates are looked for in. */
export interface Surroundings {
  builds: readonly BuildIndex[];
  definitions: ReadonlyMap<string, StepDefinition>;
  /** The vertex that made a layer, where that is known for sure. */
  makerOf(layerId: string): string | undefined;
  /** The layers that a vertex made since then; none when one that it may have made is not decided yet. */
  layersOf(digest: string, since: EpochMs): readonly string[];
}

/** The clock of file times is up to a tick (10 ms) behind the one that BuildKit reads. */
const EARLY: Milliseconds = 15;
/** BuildKit's own times come as whole milliseconds. */
const ROUNDING: Milliseconds = 1;
/** A vertex that took less was looked up, not run: the least that a container takes is some 30 ms. */
const SHORTEST_RUN: Milliseconds = 5;

/** Vertices whose command and times a process fits. */
export function candidatesByCommand(process: Process, around: Surroundings): Candidate[] {
  const { execution, keys } = process;
  if (execution === undefined || keys === undefined) return [];
  const found: Candidate[] = [];
  for (const index of around.builds) {
    for (const [step, command] of index.find(keys, execution)) {
      const interval = intervalOf(step, process, index.build.lateBy);
      if (interval !== undefined) found.push({ index, step, interval, command });
    }
  }
  return onePerVertex(found, process.from);
}

/** For a process of which only the time is known: every RUN that ran just then. */
export function candidatesByTime(process: Process, around: Surroundings): Candidate[] {
  const found: Candidate[] = [];
  for (const index of around.builds) {
    for (const step of index.build.steps) {
      if (step.kind !== 'run') continue;
      const interval = intervalOf(step, process, index.build.lateBy);
      if (interval !== undefined) found.push({ index, step, interval, command: 'time' });
    }
  }
  return onePerVertex(found, process.from);
}

/** How far a process's times are from its vertex's; squared, so that neighbours keep their order. */
export function distance({ interval }: Candidate, process: Process, now: EpochMs): number {
  const start = startOf(process) - interval.startedAt;
  const end = (interval.completedAt ?? now) - (process.until ?? now);
  return start * start + end * end;
}

/** When a process began, as close to its vertex's start as is known. */
function startOf({ execution, from }: Process): EpochMs {
  return execution?.preparedAt ?? from;
}

/** A process starts after its vertex did and is gone before that completes. */
function intervalOf(step: Step, process: Process, lateBy: Milliseconds = 0): StepInterval | undefined {
  if (step.status === 'cached') return undefined;
  const from = startOf(process);
  const slack = lateBy + (process.execution?.preparedAt === undefined ? EARLY : ROUNDING);
  return step.intervals.find(({ startedAt, completedAt }) => {
    if (startedAt > Math.max(from, process.begunBy) + slack) return false;
    if (completedAt === undefined) return true;
    if (completedAt - startedAt + lateBy < SHORTEST_RUN) return false;
    return completedAt >= from - slack && completedAt >= process.alive - ROUNDING;
  });
}

/** Whether there was a moment at which both were there for sure. */
export function overlap(one: Process, other: Process): boolean {
  return one.begunBy < other.alive && other.begunBy < one.alive;
}

/**
 * Builds that need the same vertex share one run of it, and each stream shows it. It belongs to the build that was
 * there when it started; of several, to the one that was there first.
 */
function onePerVertex(candidates: readonly Candidate[], at: EpochMs): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const other = best.get(candidate.step.digest);
    if (other === undefined || isBefore(candidate, other, at)) best.set(candidate.step.digest, candidate);
  }
  return [...best.values()];
}

function isBefore(one: Candidate, other: Candidate, at: EpochMs): boolean {
  const [mine, theirs] = [isOwner(one, at), isOwner(other, at)];
  if (mine !== theirs) return mine;
  return one.index.startedAt < other.index.startedAt;
}

function isOwner({ index, step }: Candidate, at: EpochMs): boolean {
  const { startedAt, completedAt } = index.build;
  return step.sharedWith === undefined && startedAt <= at + EARLY && (completedAt ?? at) >= at - EARLY;
}
