import type { EpochMs } from '../units.js';
import { completedBlob, isBlobTransfer, recordProgress } from './blob-progress.js';
import { StepLog } from './client-log/step-log.js';
import { isProbe, mergeBouts, recordBout } from './intervals.js';
import { cutText, MOST_INPUTS } from './limits.js';
import { stepStatus } from './outcome.js';
import type { LogUpdate, ProgressUpdate, VertexUpdate } from './status.js';
import { parseStepName, type StepName } from './step-name.js';
import type { BlobProgress, BuildStatus, Step } from './types.js';

/** Layers of an imported cache are pulled when they are needed, without a word about their size (seen on Engine 28). */
const CACHE_PULL = /^pulling sha(?:256|512):/;

/** One vertex as its updates make it. The snapshot is kept until something changes. */
export class StepFold {
  readonly digest: string;
  readonly #name: string;
  readonly #parsed: StepName;
  readonly #inputs: string[];
  readonly #bouts = new Map<EpochMs, EpochMs | undefined>();
  readonly #blobs = new Map<string, BlobProgress>();
  #log: StepLog | undefined;
  #isPull = false;
  #pullsCache = false;
  #cached = false;
  #error: string | undefined;
  #snapshot: Step | undefined;

  constructor(first: VertexUpdate) {
    this.digest = first.digest;
    this.#name = cutText(first.name);
    this.#inputs = first.inputs.slice(0, MOST_INPUTS);
    this.#parsed = parseStepName(this.#name, first.inputs.length > 0);
  }

  get running(): boolean {
    return [...this.#bouts.values()].includes(undefined);
  }

  /** BuildKit said so; an image that only turns out to have been there is not marked. */
  get isMarkedCached(): boolean {
    return this.#cached;
  }

  /** @returns whether a bout began and whether one ended that was not known to; looks into the cache aside */
  update({ cached, startedAt, completedAt, error }: VertexUpdate): { began: boolean; ended: boolean } {
    this.#snapshot = undefined;
    if (cached) this.#cached = true;
    if (error !== undefined) this.#error = cutText(error);
    if (startedAt === undefined) return { began: false, ended: false };
    const known = this.#bouts.has(startedAt);
    const over = this.#bouts.get(startedAt) !== undefined;
    recordBout(this.#bouts, startedAt, completedAt);
    const isWork = !isProbe({ startedAt, completedAt });
    return { began: !known && isWork, ended: completedAt !== undefined && !over && (known || isWork) };
  }

  /** @param mayAddBlob whether there is room for a blob that was not seen yet; says whether one was added */
  progress(update: ProgressUpdate, mayAddBlob: boolean): boolean {
    this.#snapshot = undefined;
    // A context or another frontend's source shows only by this that it is an image.
    if (update.id.startsWith('resolve ')) this.#isPull = true;
    if (CACHE_PULL.test(update.id)) this.#pullsCache = true;
    if (!isBlobTransfer(update.id)) return false;
    const known = this.#blobs.get(update.id);
    if (known === undefined && !mayAddBlob) return false;
    const blob = known ?? { id: cutText(update.id, 256), total: undefined, samples: [] };
    if (known === undefined) this.#blobs.set(update.id, blob);
    recordProgress(blob, update);
    return known === undefined;
  }

  /** Output, of which only what it says of bytes is kept. */
  log(update: LogUpdate): void {
    this.#log ??= new StepLog();
    this.#log.take(update);
    this.#snapshot = undefined;
  }

  /** Called when the build is over. */
  forget(): void {
    this.#log?.end();
    this.#snapshot = undefined;
  }

  /** @param end when the build ended, undefined while it runs */
  snapshot(build: BuildStatus, end: EpochMs | undefined): Step {
    this.#snapshot ??= this.#make(build, end);
    return this.#snapshot;
  }

  #make(build: BuildStatus, end: EpochMs | undefined): Step {
    const { kind: namedKind, ...name } = this.#parsed;
    const kind = this.#isPull && namedKind === 'internal' ? 'from' : namedKind;
    const started = this.#bouts.size > 0;
    const completed = started && !this.running;
    const status = stepStatus({ error: this.#error, cached: this.#cached, started, completed }, build);
    const movesBytes = status !== 'cached' && ['run', 'from', 'add', 'git'].includes(kind);
    const intervals = mergeBouts(this.#bouts, end);
    const clientLogs = this.#log?.clients() ?? [];
    const blobs = [...this.#blobs.values()].map((blob) => ({ ...blob, samples: [...blob.samples] }));
    return {
      digest: this.digest,
      inputs: this.#inputs,
      name: this.#name,
      ...name,
      kind,
      status,
      error: this.#error,
      intervals,
      blobs:
        status === 'done' ? blobs.map((blob) => completedBlob(blob, intervals.at(-1)!.completedAt!)) : blobs,
      executorIds: [],
      attribution: movesBytes ? 'unattributed' : 'exact',
      sharedWith: undefined,
      cacheMounts: [],
      ...(clientLogs.length > 0 && { clientLogs }),
      ...(this.#pullsCache && { pullsCache: true }),
    };
  }
}
