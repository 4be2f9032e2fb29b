import { annotate } from '../../src/builds/annotate.js';
import type { ExecutionJoin } from '../../src/builds/join.js';
import type { Build, Execution, ExecutionMatch, Step } from '../../src/builds/types.js';
import { failureOf } from '../../src/errors.js';
import { sourceOwnerId } from '../../src/report/builds.js';
import type { Bytes, EpochMs, Interval, Milliseconds } from '../../src/units.js';
import type { ExecutionListener } from '../observe/executor/executor-watch.js';
import type { OwnerNews } from '../observe/owners/owner-book.js';
import type { Store } from '../store/types.js';

export interface BuildTrackerOptions {
  store: Store;
  join: ExecutionJoin;
  engine: string;
  /** Since when bytes have been counted without a gap. */
  countedSince: EpochMs;
  now(): EpochMs;
  /** What a pull of a step's image transfers; undefined for other steps, and where nobody can tell. */
  imageBytes?(step: Step): Bytes | undefined;
  /** Adds to an owner what a build knows of it. */
  describe(ownerId: string, news: OwnerNews): void;
  /** A build changed, annotated. */
  onBuild(build: Build): void;
  onProblem(message: string, error: unknown): void;
}

/** A running build is stored this often; one that ended, at once, and again so long after that failed. */
const STORE_EVERY: Milliseconds = 5000;
/** Matches and attributions of a build that ended come a little later. */
const KEEP_ENDED: Milliseconds = 120_000;

interface Tracked {
  /** As BuildKit tells it. */
  told: Build;
  annotated: Build;
  matches: Map<string, ExecutionMatch[]>;
  attributions: Map<string, 'inferred' | 'shared'>;
  changed: boolean;
  /** When it was last given to the store. */
  savedAt: EpochMs;
  /** All that is known of it is in the store, or on its way there. */
  isSaved: boolean;
  endedAt: EpochMs | undefined;
}

/** Brings together what BuildKit tells, what the executor ran, and whose bytes were settled; keeps it stored. */
export class BuildTracker implements ExecutionListener {
  readonly #options: BuildTrackerOptions;
  readonly #builds = new Map<string, Tracked>();
  readonly #executions = new Map<string, Execution>();
  #writing: Promise<void> = Promise.resolve();
  /** Why the last build could not be stored. */
  #notSaved: string | undefined;

  constructor(options: BuildTrackerOptions) {
    this.#options = options;
  }

  /** Builds that run, annotated. */
  running(): Build[] {
    return [...this.#builds.values()].filter(isRunning).map((tracked) => tracked.annotated);
  }

  get isBuilding(): boolean {
    return [...this.#builds.values()].some(isRunning);
  }

  /** One that runs, or ended not long ago, annotated. */
  build(ref: string): Build | undefined {
    return this.#builds.get(ref)?.annotated;
  }

  /** Builds known here that ran at some time in the period. */
  buildsIn(from: EpochMs, to: EpochMs): Build[] {
    return [...this.#builds.values()]
      .map((tracked) => tracked.annotated)
      .filter((build) => build.startedAt <= to && (build.completedAt ?? to) >= from);
  }

  /** What BuildKit tells of a build: its beginning, its progress, its end. */
  async tell(build: Build): Promise<void> {
    const known = this.#builds.get(build.ref);
    if (known === undefined) {
      const stored = await this.#options.store.build(build.ref);
      // Told again while the store was asked.
      if (this.#builds.has(build.ref)) return this.tell(build);
      this.#builds.set(build.ref, newTracked(build, stored));
    } else {
      known.told = build;
      known.changed = true;
    }
    this.#options.join.build(build);
    this.update();
  }

  seen(execution: Execution): void {
    this.#executions.set(execution.id, execution);
    this.#options.join.execution(execution);
    this.update();
  }

  gone(execution: Execution): void {
    this.seen(execution);
  }

  /** What its cache mounts hold is known now. */
  sized(execution: Execution): void {
    if (!this.#executions.has(execution.id)) return;
    this.#executions.set(execution.id, execution);
    for (const tracked of this.#builds.values()) {
      const matches = [...tracked.matches.values()].flat();
      if (matches.some(({ executorId }) => executorId === execution.id)) tracked.changed = true;
    }
    this.update();
  }

  /** The kernel counted in an executor's cgroup; of use only when nobody saw what ran there. */
  counted(executorId: string, { from, to }: Interval, cgroupId: number | undefined): void {
    if (this.#executions.has(executorId)) return;
    const { join, engine } = this.#options;
    join.sighting({ id: executorId, engine, seenAt: from, goneAt: to, order: cgroupId });
  }

  missed(executorId: string, at: EpochMs): void {
    this.#options.join.sighting({ id: executorId, engine: this.#options.engine, seenAt: at, goneAt: at });
  }

  attributions(byOwnerId: ReadonlyMap<string, 'inferred' | 'shared'>): void {
    for (const tracked of this.#builds.values()) {
      for (const step of tracked.told.steps) {
        const found = byOwnerId.get(sourceOwnerId(tracked.told.ref, step.digest));
        if (found === undefined || tracked.attributions.get(step.digest) === found) continue;
        // Once shared, always so: some of its bytes are.
        if (tracked.attributions.get(step.digest) === 'shared') continue;
        tracked.attributions.set(step.digest, found);
        tracked.changed = true;
      }
    }
    this.update();
  }

  /** Once a tick, and whenever something changed: joins, annotates, stores, tells. */
  update(): void {
    const { join, now, onBuild } = this.#options;
    for (const match of join.update(now())) this.#take(match);
    for (const tracked of this.#builds.values()) {
      if (!tracked.changed) continue;
      tracked.changed = false;
      tracked.annotated = this.#annotated(tracked);
      tracked.endedAt = isRunning(tracked) ? undefined : (tracked.endedAt ?? now());
      this.#describe(tracked);
      onBuild(tracked.annotated);
      tracked.isSaved = false;
      if (!isRunning(tracked)) this.#save(tracked);
    }
    for (const tracked of this.#builds.values()) {
      if (!tracked.isSaved && now() - tracked.savedAt >= STORE_EVERY) this.#save(tracked);
    }
    this.#forgetOld();
  }

  /** Stores what is not stored yet. */
  async flush(): Promise<void> {
    this.update();
    for (const tracked of this.#builds.values()) if (!tracked.isSaved) this.#save(tracked);
    await this.#writing;
  }

  #take(match: ExecutionMatch): void {
    for (const [ref, tracked] of this.#builds) {
      for (const [digest, matches] of tracked.matches) {
        const others = matches.filter((known) => known.executorId !== match.executorId);
        if (others.length === matches.length) continue;
        tracked.matches.set(digest, others);
        tracked.changed = true;
      }
      if (ref !== match.ref) continue;
      tracked.matches.set(match.digest, [...(tracked.matches.get(match.digest) ?? []), match]);
      tracked.changed = true;
    }
  }

  #annotated({ told, matches, attributions }: Tracked): Build {
    return annotate(told, {
      matchesOf: (digest) => matches.get(digest) ?? [],
      execution: (id) => this.#executions.get(id),
      sourceAttribution: (digest) => attributions.get(digest),
      imageBytes: this.#options.imageBytes,
      countedSince: this.#options.countedSince,
    });
  }

  #describe({ annotated }: Tracked): void {
    for (const step of annotated.steps) {
      for (const id of step.executorIds) {
        const facts = { buildRef: annotated.ref, stepDigest: step.digest };
        this.#options.describe(`exec:${id}`, { name: step.name, facts });
      }
    }
  }

  #save(tracked: Tracked): void {
    const { store, now } = this.#options;
    tracked.savedAt = now();
    tracked.isSaved = true;
    const { annotated } = tracked;
    this.#writing = this.#writing
      .then(() => store.saveBuild(annotated))
      .then(() => {
        this.#notSaved = undefined;
      })
      .catch((error: unknown) => {
        tracked.isSaved = false;
        this.#problem(annotated.ref, error);
      });
  }

  /** Told once, not for every build and every try. */
  #problem(ref: string, error: unknown): void {
    const { because } = failureOf(error);
    if (because !== this.#notSaved) this.#options.onProblem(`build ${ref} could not be stored`, error);
    this.#notSaved = because;
  }

  #forgetOld(): void {
    const before = this.#options.now() - KEEP_ENDED;
    for (const [ref, tracked] of this.#builds) {
      if (tracked.endedAt === undefined || tracked.endedAt > before || !tracked.isSaved) continue;
      this.#builds.delete(ref);
      this.#options.join.forgetBuild(ref);
      for (const matches of tracked.matches.values()) {
        for (const { executorId } of matches) this.#executions.delete(executorId);
      }
    }
  }
}

function isRunning(tracked: Tracked): boolean {
  return tracked.told.status === 'running';
}

/** @param stored the build as an earlier run of the daemon knew it */
function newTracked(build: Build, stored: Build | undefined): Tracked {
  const matches = new Map<string, ExecutionMatch[]>();
  const attributions = new Map<string, 'inferred' | 'shared'>();
  for (const step of stored?.steps ?? []) {
    const attribution = step.attribution === 'exact' ? 'exact' : 'inferred';
    matches.set(
      step.digest,
      step.executorIds.map((executorId) => ({
        executorId,
        ref: build.ref,
        digest: step.digest,
        attribution,
      })),
    );
    const isSource = step.executorIds.length === 0 && step.kind !== 'run';
    if (isSource && step.attribution === 'shared') attributions.set(step.digest, 'shared');
  }
  return {
    told: build,
    annotated: build,
    matches,
    attributions,
    changed: true,
    savedAt: Number.NEGATIVE_INFINITY,
    isSaved: false,
    endedAt: undefined,
  };
}
