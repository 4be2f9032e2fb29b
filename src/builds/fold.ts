/**
 * The fold of one build's status stream into a Build. A stream may be read from its beginning more than
 * once (after a reconnect, or from the history): applying the same message again changes nothing.
 */
import type { Bytes, EpochMs } from '../units.js';
import { hasGrown } from './blob-progress.js';
import type { BuildFacts } from './facts.js';
import { StepFold } from './fold-step.js';
import { isProbe } from './intervals.js';
import { cutText, MOST_BLOBS, MOST_STEPS } from './limits.js';
import { buildStatus } from './outcome.js';
import type { StatusUpdate, VertexUpdate } from './status.js';
import type { Build, BuildStatus, Step } from './types.js';

/** A step began to work, or ended. Looks into the cache are no edges. */
export interface StepEdge {
  digest: string;
  edge: 'started' | 'completed';
  at: EpochMs;
}

/** How a build ended, as its history record says. */
export interface BuildEnd {
  at: EpochMs;
  error: { code: number; message: string } | undefined;
}

export class BuildFold {
  #facts: BuildFacts;
  readonly #steps = new Map<string, StepFold>();
  #blobs = 0;
  #status: BuildStatus = 'running';
  #end: BuildEnd | undefined;
  #lastAt: EpochMs;
  /** Bytes of output that went by, and vertices beyond the limit. */
  logBytes: Bytes = 0;
  droppedSteps = 0;

  constructor(facts: BuildFacts) {
    this.#facts = facts;
    this.#lastAt = facts.startedAt;
  }

  get status(): BuildStatus {
    return this.#status;
  }

  /** Steps that BuildKit itself marked as cached. */
  get markedCached(): number {
    return [...this.#steps.values()].filter(({ isMarkedCached }) => isMarkedCached).length;
  }

  /** The latest time that the stream spoke of; the start of the build when it has said nothing. */
  get lastAt(): EpochMs {
    return this.#lastAt;
  }

  apply(update: StatusUpdate): StepEdge[] {
    const edges = update.vertexes.flatMap((vertex) => this.#applyVertex(vertex));
    for (const progress of update.progress) {
      const step = this.#steps.get(progress.vertex);
      this.#see(progress.at);
      if (step?.progress(progress, this.#blobs < MOST_BLOBS)) this.#blobs += 1;
    }
    for (const log of update.logs) {
      this.logBytes += log.text.length;
      this.#steps.get(log.vertex)?.log(log);
    }
    return edges;
  }

  /** The history knows more at the end than at the start. */
  learn(facts: BuildFacts): void {
    this.#facts = facts;
  }

  finish(end: BuildEnd): void {
    this.#end = end;
    this.#status = buildStatus(end.error);
    for (const step of this.#steps.values()) step.forget();
  }

  build(): Build {
    const at = this.#end?.at;
    return {
      ...this.#facts,
      status: this.#status,
      error: this.#end?.error && cutText(this.#end.error.message),
      startedAt: Math.round(this.#facts.startedAt),
      completedAt: at === undefined ? undefined : Math.round(at),
      steps: markUnneededPulls(this.#snapshots()).sort(byStart),
    };
  }

  #applyVertex(vertex: VertexUpdate): StepEdge[] {
    const step = this.#steps.get(vertex.digest) ?? this.#newStep(vertex);
    if (step === undefined) return [];
    const { began, ended } = step.update(vertex);
    const { digest, startedAt, completedAt } = vertex;
    this.#see(startedAt);
    this.#see(completedAt);
    const edges: StepEdge[] = [];
    if (began && startedAt !== undefined) edges.push({ digest, edge: 'started', at: Math.round(startedAt) });
    if (ended && completedAt !== undefined) {
      edges.push({ digest, edge: 'completed', at: Math.round(completedAt) });
    }
    return edges;
  }

  #newStep(vertex: VertexUpdate): StepFold | undefined {
    if (vertex.digest === '') return undefined;
    if (this.#steps.size >= MOST_STEPS) {
      this.droppedSteps += 1;
      return undefined;
    }
    const step = new StepFold(vertex);
    this.#steps.set(vertex.digest, step);
    return step;
  }

  #see(at: EpochMs | undefined): void {
    if (at !== undefined && at > this.#lastAt) this.#lastAt = at;
  }

  #snapshots(): Step[] {
    const end = this.#end?.at;
    return [...this.#steps.values()].map((step) => step.snapshot(this.#status, end));
  }
}

/**
 * An image that was only looked up: all that needed it was cached, or another vertex had the same content.
 * BuildKit does not mark these as cached (seen on Engine 28).
 */
function markUnneededPulls(steps: Step[]): Step[] {
  const users = usersOf(steps);
  return steps.map((step) => {
    if (step.kind !== 'from' || step.status !== 'done') return step;
    const fetched = step.blobs.some(hasGrown);
    const looked = step.intervals.every((interval) => isProbe(interval));
    const needed = users.get(step.digest)?.some((user) => user.status !== 'cached') ?? true;
    return fetched || (needed && !looked) ? step : { ...step, status: 'cached', attribution: 'exact' };
  });
}

function usersOf(steps: Step[]): Map<string, Step[]> {
  const users = new Map<string, Step[]>();
  for (const step of steps) {
    for (const input of step.inputs) {
      const known = users.get(input);
      if (known) known.push(step);
      else users.set(input, [step]);
    }
  }
  return users;
}

/** The history gives vertices in no order; steps read from its cache all begin in one instant. */
function byStart(a: Step, b: Step): number {
  const [from, to] = [a, b].map((step) => step.intervals[0]?.startedAt ?? Number.POSITIVE_INFINITY);
  if (from !== to) return from! < to! ? -1 : 1;
  if (a.stage !== b.stage) return (a.stage ?? '') < (b.stage ?? '') ? -1 : 1;
  return (a.number ?? 0) - (b.number ?? 0) || (a.digest < b.digest ? -1 : 1);
}
