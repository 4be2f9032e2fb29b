/**
 * executor: which processes BuildKit runs, from the directory in which its executor keeps one folder per running
 * container (`<docker root>/buildkit/executor/<id>`, executor/runcexecutor of moby/buildkit). A folder's
 * config.json comes some tens of milliseconds after it (555 ms under load) and is gone with the step, so
 * everything that a step is known by is read in the event.
 *
 * Engines with containerd's image store keep the same folder; see snapshot-paths.ts and cache-records.ts for
 * what differs below it.
 */
import type { Stats } from 'node:fs';
import type { StepDefinition } from '../../../src/builds/join-definitions.js';
import type { Execution } from '../../../src/builds/types.js';
import { NetmeterError } from '../../../src/errors.js';
import type { EpochMs } from '../../../src/units.js';
import { EngineFiles, type EngineLocation } from '../../engine-files/engine-files.js';
import { isErrno } from '../../sys/system-error.js';
import { DirectoryWatch, statOf } from './directory-watch.js';
import { ExecutionReader } from './execution-reader.js';
import { PendingExecution } from './pending-execution.js';
import { readBuildDefinitions } from './provenance-reader.js';
import { RecentIds } from './recent-ids.js';
import type { ExecutionListener, ExecutorCounts, ExecutorWatchOptions } from './types.js';

export type { ExecutionListener, ExecutorCounts, ExecutorWatchOptions } from './types.js';

/** BuildKit's random ids: 25 digits of base 36 (identity/randomid.go). */
const ID = /^[0-9a-z]{20,40}$/;
const INOTIFY_HINT = 'raise fs.inotify.max_user_watches if they are used up (sysctl)';
const MOST_RUNNING = 4096;
/** How often those that run are looked at. */
const LOOK_MS = 200;
const MOST_ENDED = 1024;

export class ExecutorWatch {
  readonly #files: EngineFiles;
  readonly #procRoot: string;
  readonly #now: () => EpochMs;
  readonly #reader: ExecutionReader;
  readonly #listener: ExecutionListener;
  readonly #watch: DirectoryWatch;
  readonly #directory: string;
  readonly #running = new Map<string, Execution>();
  readonly #pending = new Map<string, PendingExecution>();
  /** Ids whose end is known, so that late events about them are no new ones. */
  readonly #ended = new RecentIds(MOST_ENDED);
  readonly #untold = new Set<string>();
  #engineStartedAt: EpochMs | undefined;
  #attaching = false;
  #look: NodeJS.Timeout | undefined;
  readonly counts: ExecutorCounts = { seen: 0, missed: 0, leftover: 0, overflows: 0, dropped: 0 };

  constructor(location: EngineLocation, listener: ExecutionListener, options: ExecutorWatchOptions = {}) {
    this.#procRoot = options.procRoot ?? '/proc';
    this.#now = options.now ?? Date.now;
    this.#files = new EngineFiles(location, this.#procRoot);
    this.#reader = new ExecutionReader(this.#files);
    this.#listener = listener;
    this.#directory = this.#files.path(this.#files.buildkit('executor'));
    this.#watch = new DirectoryWatch(
      this.#directory,
      this.#files.path(location.rootDir),
      {
        attached: () => this.#attached(),
        entry: (name) => this.#told(name),
        check: () => this.#check(),
        detached: () => this.#endAll((id) => this.#miss(id)),
      },
      options.checkMs,
    );
  }

  /** One engine process; when the engine restarts it has another pid, and needs another watch. */
  start(signal?: AbortSignal): void {
    if (signal?.aborted) return;
    this.#engineStartedAt = this.#files.startedAt(this.#procRoot, this.#now());
    this.#watch.start();
    signal?.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** Everything that still runs is told to be gone: whoever watches next sees it again. */
  stop(): void {
    clearTimeout(this.#look);
    this.#watch.stop();
    this.#endAll(() => undefined);
  }

  /** False while the engine has no such directory, as before its first build. */
  get watching(): boolean {
    return this.#watch.attached;
  }

  /** Why it is not watched although it is there; undefined when all is well or nothing is there yet. */
  problem(): NetmeterError | undefined {
    const error = this.#watch.error;
    if (error === undefined) return undefined;
    const refused = isErrno(error, 'EACCES', 'EPERM');
    const message = `cannot watch ${this.#directory}: ${error.message}`;
    const hint = refused
      ? 'run the daemon as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH'
      : INOTIFY_HINT;
    return new NetmeterError(refused ? 'permission-denied' : 'syscall-failed', message, {
      hint,
      cause: error,
    });
  }

  get running(): readonly Execution[] {
    return [...this.#running.values()];
  }

  /** The engine's files, to look into what it keeps. */
  get files(): EngineFiles {
    return this.#files;
  }

  /** What each vertex of a build that succeeded was to run, by digest; empty while BuildKit has not written it. */
  definitions(buildRef: string): Promise<Map<string, StepDefinition>> {
    return readBuildDefinitions(this.#files, buildRef);
  }

  /** Looks at the directory itself instead of waiting for events. */
  rescan(): void {
    const names = this.#watch.entries();
    if (names === undefined) return;
    const present = new Set(names);
    for (const id of [...this.#running.keys(), ...this.#pending.keys()]) {
      if (!present.has(id)) this.#end(id);
    }
    for (const name of names) this.#entry(name);
  }

  #attached(): void {
    this.#attaching = true;
    this.rescan();
    this.#attaching = false;
  }

  /** What is found here was not told yet, or its event was dropped: then none has come by the next time. */
  #check(): boolean {
    if (this.#untold.size > 0) this.counts.overflows++;
    this.#untold.clear();
    for (const name of this.#watch.entries() ?? []) {
      if (ID.test(name) && !this.#knows(name)) this.#untold.add(name);
    }
    this.rescan();
    return this.#untold.size > 0;
  }

  #knows(id: string): boolean {
    return this.#running.has(id) || this.#pending.has(id) || this.#ended.has(id);
  }

  #statOf(id: string): Stats | undefined {
    return statOf(`${this.#directory}/${id}`);
  }

  #told(name: string): void {
    this.#untold.delete(name);
    this.#entry(name);
  }

  #entry(name: string): void {
    if (!ID.test(name)) return;
    const known = this.#running.has(name) || this.#pending.has(name);
    const stat = this.#statOf(name);
    if (stat === undefined) {
      if (known) this.#end(name);
      else if (!this.#ended.has(name)) this.#miss(name);
      return;
    }
    if (known || this.#ended.has(name) || !stat.isDirectory()) return;
    const seenAt = this.#bornAt(stat.birthtimeMs);
    if (this.#attaching && this.#engineStartedAt !== undefined && seenAt < this.#engineStartedAt) {
      this.counts.leftover++;
      this.#ended.add(name);
    } else if (this.#running.size + this.#pending.size >= MOST_RUNNING) {
      this.counts.dropped++;
      this.#ended.add(name);
    } else this.#begin(name, seenAt);
  }

  #begin(id: string, seenAt: EpochMs): void {
    const pending = new PendingExecution(`${this.#directory}/${id}`, {
      read: (config) => {
        const execution = this.#reader.read(id, config, seenAt);
        if (execution === undefined) return false;
        this.#pending.delete(id);
        this.#running.set(id, execution);
        this.counts.seen++;
        this.#listener.seen(execution);
        if (this.#running.size === 1) this.#scheduleLook();
        return true;
      },
      vanished: () => this.#end(id),
    });
    this.#pending.set(id, pending);
    pending.start();
  }

  #end(id: string): void {
    const pending = this.#pending.get(id);
    pending?.stop();
    if (this.#pending.delete(id)) this.#miss(id);
    const execution = this.#running.get(id);
    if (execution === undefined) return;
    this.#running.delete(id);
    this.#ended.add(id);
    this.#listener.gone({ ...execution, goneAt: this.#goneAt(execution) });
  }

  #endAll(unread: (id: string) => void): void {
    for (const [id, pending] of this.#pending) {
      pending.stop();
      unread(id);
    }
    this.#pending.clear();
    for (const id of [...this.#running.keys()]) this.#end(id);
  }

  #miss(id: string): void {
    this.counts.missed++;
    this.#ended.add(id);
    this.#listener.missed(id, this.#now());
  }

  /** A folder is there until its vertex is about to complete, which tells vertices apart. */
  #lookAtRunning(): void {
    for (const [id, execution] of this.#running) {
      const now = this.#now();
      if (this.#statOf(id) !== undefined) execution.aliveAt = now;
    }
    if (this.#running.size > 0) this.#scheduleLook();
  }

  #scheduleLook(): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(() => this.#lookAtRunning(), LOOK_MS).unref();
  }

  /** A folder's own time of birth does not depend on when its event was handled. */
  #bornAt(birthtimeMs: number): EpochMs {
    const now = this.#now();
    return birthtimeMs > 0 ? Math.min(birthtimeMs, now) : now;
  }

  /** The directory changed when the folder went, and perhaps again since; it went no later than that. */
  #goneAt(execution: Execution): EpochMs {
    const now = this.#now();
    const changedAt = this.#watch.changedAt();
    if (changedAt === undefined || changedAt < execution.seenAt) return now;
    return Math.min(changedAt, now);
  }
}
