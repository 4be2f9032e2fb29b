/**
 * join: which process of BuildKit's executor ran which vertex. Executions say what ran, where and on which layers;
 * builds say which vertices ran when. Neither names the other, so a process gets the vertex that its command, its
 * times, its layers and the other processes leave: `exact` when only one is left, else the most likely one,
 * `inferred`, until more is known.
 */
import type { EpochMs, Milliseconds } from '../units.js';
import { executionKeys } from './command.js';
import { assign, type Claim } from './join-assign.js';
import { matchByOrder } from './join-by-order.js';
import {
  type Candidate,
  candidatesByCommand,
  candidatesByTime,
  distance,
  overlap,
  type Surroundings,
} from './join-candidates.js';
import type { StepDefinition } from './join-definitions.js';
import { type Weighed, weigh } from './join-evidence.js';
import { BuildIndex } from './join-index.js';
import { type Entry, type MatchedProcess, ProcessTable } from './join-process-table.js';
import type { Build, Execution, ExecutionMatch } from './types.js';

/** A BuildKit container that the kernel knows of (its cgroup) and whose configuration was not read. */
export interface ExecutorSighting {
  /** Last component of its cgroup. */
  id: string;
  engine: string;
  /** It was there at some time in this period, as between two looks at its counters. */
  seenAt: EpochMs;
  /** Undefined for a moment instead of a period. */
  goneAt: EpochMs | undefined;
  /** Of two, the one that began later has the larger one, as cgroups' ids do; left out when that is not known. */
  order?: number | undefined;
}

/**
 * A status stream may lag behind the executor, so a vertex that is not known yet may still turn up. A stream that
 * tells of the end of a vertex has told of what started before, and streams are not far from one another.
 */
const SETTLE: Milliseconds = 1500;
const SETTLE_RUNNING: Milliseconds = 5000;
/** What is still inferred so long after it ended stays so. */
const GIVE_UP: Milliseconds = 600_000;
const MOST_BUILDS = 256;
const MOST_DEFINITIONS = 20_000;

export class ExecutionJoin {
  readonly #processes = new ProcessTable();
  readonly #builds = new Map<string, BuildIndex>();
  readonly #definitions = new Map<string, StepDefinition>();
  #changed = false;

  /** A process was seen, or changed (ended). */
  execution(execution: Execution): void {
    const { id, engine, seenAt: from, goneAt: until, aliveAt: alive = from } = execution;
    const keys = this.#processes.get(id)?.keys ?? executionKeys(execution.args, execution.env);
    this.#processes.put({ id, engine, from, begunBy: from, alive, until, order: undefined, execution, keys });
    this.#changed = true;
  }

  /**
   * For processes of which nothing but the time is known; ignored once there is an execution. Told again when it
   * was there again.
   */
  sighting({ id, engine, seenAt, goneAt, order }: ExecutorSighting): void {
    const known = this.#processes.get(id);
    if (known?.execution !== undefined) return;
    const from = Math.min(seenAt, known?.from ?? seenAt);
    const begunBy = Math.min(goneAt ?? seenAt, known?.begunBy ?? Number.POSITIVE_INFINITY);
    const alive = Math.max(seenAt, known?.alive ?? seenAt);
    const until = goneAt === undefined ? undefined : Math.max(goneAt, known?.until ?? goneAt);
    const unseen = { execution: undefined, keys: undefined };
    this.#processes.put({ id, engine, from, begunBy, alive, until, order: order ?? known?.order, ...unseen });
    this.#changed = true;
  }

  /** A build is known, or changed. Steps may come and change places; what they are called stays. */
  build(build: Build): void {
    const known = this.#builds.get(build.ref);
    if (known === undefined) this.#builds.set(build.ref, new BuildIndex(build));
    else known.replace(build);
    this.#changed = true;
  }

  /** A build that nobody asks about any more; what was matched with it stays. */
  forgetBuild(ref: string): void {
    this.#builds.delete(ref);
  }

  /** What a build's provenance says of its vertices, by digest; see `readDefinitions`. */
  define(definitions: ReadonlyMap<string, StepDefinition>): void {
    for (const [digest, definition] of definitions) this.#definitions.set(digest, definition);
    for (const digest of this.#definitions.keys()) {
      if (this.#definitions.size <= MOST_DEFINITIONS) break;
      this.#definitions.delete(digest);
    }
    this.#changed = true;
  }

  match(executorId: string): ExecutionMatch | undefined {
    return this.#processes.get(executorId)?.match;
  }

  /** The processes that ran a vertex, in whichever build, oldest first. */
  processesOf(digest: string): MatchedProcess[] {
    return this.#processes
      .ofVertex(digest)
      .map(({ match, execution, from, until }) => ({ match: match!, execution, from, until }));
  }

  /** How many processes are not decided for good. */
  get open(): number {
    return this.#processes.open.size;
  }

  /**
   * Matches that are new or better than they were. Costs nothing when nothing is open, so it may be called with
   * every change and every tick; ticks decide what needed time to settle.
   */
  update(now: EpochMs): ExecutionMatch[] {
    this.#processes.giveUp(now - GIVE_UP);
    this.#forgetBuilds();
    const open = [...this.#processes.open];
    if (!this.#changed && open.every(({ until, settled }) => until !== undefined && settled)) return [];
    this.#changed = false;
    const engines = new Set(open.map(({ engine }) => engine));
    return [...engines].flatMap((engine) =>
      this.#updateEngine(
        engine,
        open.filter((entry) => entry.engine === engine),
        now,
      ),
    );
  }

  #updateEngine(engine: string, open: readonly Entry[], now: EpochMs): ExecutionMatch[] {
    const around = this.#surroundings(engine, Math.min(...open.map(({ from }) => from)), now);
    const weighed = new Map<Entry, Weighed>();
    for (const entry of open) {
      entry.alive = Math.max(entry.alive, entry.execution?.aliveAt ?? 0);
      entry.settled = now - entry.from >= SETTLE_RUNNING;
      weighed.set(entry, weigh(entry, this.#free(entry, candidatesByCommand(entry, around)), around));
    }
    const changes = this.#decide(weighed, now);
    const unknown = open.filter(({ execution, settled }) => execution === undefined && settled);
    return [...changes, ...this.#decideByTime(unknown, around)];
  }

  #surroundings(engine: string, since: EpochMs, now: EpochMs): Surroundings {
    return {
      builds: [...this.#builds.values()].filter(
        ({ build }) => build.engine === engine && (build.completedAt ?? now) >= since - SETTLE,
      ),
      definitions: this.#definitions,
      makerOf: (layer) => this.#processes.makerOf(layer),
      layersOf: (digest, from) => {
        const runs = this.#processes.ofVertex(digest).filter((run) => run.from >= from - SETTLE);
        return runs.every(({ final }) => final)
          ? runs.flatMap(({ execution }) => execution?.upperId ?? [])
          : [];
      },
    };
  }

  /** Vertices that for sure no other process had at the same time. */
  #free(entry: Entry, candidates: Candidate[]): Candidate[] {
    return candidates.filter(({ step }) => {
      const others = this.#processes.ofVertex(step.digest);
      return !others.some((other) => other !== entry && other.final && overlap(other, entry));
    });
  }

  /** Whether another is known as the process of this very run, which has only one. */
  #isTaken(entry: Entry, { step, interval: { startedAt, completedAt } }: Candidate): boolean {
    return this.#processes
      .ofVertex(step.digest)
      .some(
        (other) =>
          other !== entry &&
          (other.until ?? other.alive) >= startedAt &&
          (completedAt === undefined || other.from <= completedAt),
      );
  }

  #decide(weighed: ReadonlyMap<Entry, Weighed>, now: EpochMs): ExecutionMatch[] {
    const claims: Claim[] = [...weighed].map(([entry, { candidates }]) => ({
      id: entry.id,
      from: entry.begunBy,
      to: entry.alive,
      options: new Map(candidates.map((one) => [one.step.digest, distance(one, entry, now)])),
    }));
    const assignments = assign(claims);
    const changes: ExecutionMatch[] = [];
    for (const [entry, { candidates, certain }] of weighed) {
      const assignment = assignments.get(entry.id);
      const chosen = candidates.find(({ step }) => step.digest === assignment?.node);
      if (chosen === undefined || assignment === undefined) continue;
      const settled = entry.settled || (isOver(entry, chosen) && now - entry.from >= SETTLE);
      const exact = assignment.only && certain && settled;
      changes.push(...this.#match(entry, chosen, exact ? 'exact' : 'inferred'));
      if (!exact) continue;
      this.#processes.finish(entry, chosen.index, chosen.step.digest);
      // What was decided may decide others.
      this.#changed = true;
    }
    return changes;
  }

  /** A process of unknown command is a vertex if neither can be another, or if their order leaves no choice. */
  #decideByTime(unknown: readonly Entry[], around: Surroundings): ExecutionMatch[] {
    const byVertex = new Map<string, [Entry, Candidate][]>();
    const open = new Map<Entry, Candidate[]>();
    for (const entry of unknown) {
      const free = candidatesByTime(entry, around).filter((candidate) => !this.#isTaken(entry, candidate));
      const [only] = free;
      if (free.length > 1 || (only === undefined && entry.match === undefined)) open.set(entry, free);
      if (only === undefined || free.length > 1) continue;
      byVertex.set(only.step.digest, [...(byVertex.get(only.step.digest) ?? []), [entry, only]]);
    }
    const sure = [...byVertex.values()].flatMap((rivals) => (rivals.length > 1 ? [] : rivals));
    const ordered = matchByOrder(open).filter(([, { step }]) => !byVertex.has(step.digest));
    return [...sure, ...ordered].flatMap((found) => this.#match(...found, 'inferred'));
  }

  #match(entry: Entry, chosen: Candidate, attribution: ExecutionMatch['attribution']): ExecutionMatch[] {
    const { ref } = chosen.index.build;
    const match = { executorId: entry.id, ref, digest: chosen.step.digest, attribution };
    return this.#processes.match(entry, match) ? [match] : [];
  }

  #forgetBuilds(): void {
    for (const [ref, { build }] of this.#builds) {
      if (this.#builds.size <= MOST_BUILDS) return;
      if (build.completedAt !== undefined) this.#builds.delete(ref);
    }
  }
}

function isOver(entry: Entry, { interval }: Candidate): boolean {
  return entry.until !== undefined && interval.completedAt !== undefined;
}
