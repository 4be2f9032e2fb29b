import type { EpochMs } from '../units.js';
import type { Process } from './join-candidates.js';
import type { BuildIndex } from './join-index.js';
import type { Execution, ExecutionMatch } from './types.js';

/** A process with the vertex that it was given. */
export interface MatchedProcess {
  match: ExecutionMatch;
  /** Undefined for a process of which only the time is known. */
  execution: Execution | undefined;
  from: EpochMs;
  /** Undefined while it runs. */
  until: EpochMs | undefined;
}

export interface Entry extends Process {
  heirs: { index: BuildIndex; digest: string }[];
  match: ExecutionMatch | undefined;
  /** Exact, and not looked at again. */
  final: boolean;
  /** Looked at once after streams had time to catch up. */
  settled: boolean;
}

const MOST_PROCESSES = 5_000;

/** The processes of a join, by what they are looked up by. Those that were seen first are forgotten first. */
export class ProcessTable {
  readonly #entries = new Map<string, Entry>();
  readonly #open = new Set<Entry>();
  readonly #byVertex = new Map<string, Set<Entry>>();
  /** Vertices by the layer that they made, as far as that is decided. */
  readonly #makers = new Map<string, string>();

  /** Processes that are not decided for good. */
  get open(): ReadonlySet<Entry> {
    return this.#open;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  put(process: Omit<Process, 'heirs'>): void {
    const known = this.#entries.get(process.id);
    if (known !== undefined) {
      Object.assign(known, process);
      return;
    }
    const entry: Entry = { ...process, heirs: [], match: undefined, final: false, settled: false };
    this.#entries.set(process.id, entry);
    this.#open.add(entry);
    this.#trim();
  }

  /** What ran a vertex, oldest first. */
  ofVertex(digest: string): Entry[] {
    return [...(this.#byVertex.get(digest) ?? [])].sort((a, b) => a.from - b.from);
  }

  makerOf(layerId: string): string | undefined {
    return this.#makers.get(layerId);
  }

  /** Gives a process a vertex, for now. Says whether that changed anything. */
  match(entry: Entry, match: ExecutionMatch): boolean {
    if (isEqual(entry.match, match)) return false;
    this.#unlink(entry);
    entry.match = match;
    const entries = this.#byVertex.get(match.digest) ?? new Set();
    this.#byVertex.set(match.digest, entries.add(entry));
    return true;
  }

  /** Decides for good; what is below it learns of it. */
  finish(entry: Entry, index: BuildIndex, digest: string): void {
    entry.final = true;
    this.#open.delete(entry);
    const { upperId, lowerIds = [] } = entry.execution ?? {};
    if (upperId !== undefined) this.#makers.set(upperId, digest);
    for (const below of this.#open) {
      const layer = below.execution?.upperId;
      if (layer !== undefined && lowerIds.includes(layer)) below.heirs.push({ index, digest });
    }
  }

  /** Leaves those that ended before as they are. */
  giveUp(endedBefore: EpochMs): void {
    for (const entry of this.#open) {
      if (entry.until !== undefined && entry.until < endedBefore) this.#open.delete(entry);
    }
  }

  #trim(): void {
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= MOST_PROCESSES) return;
      this.#entries.delete(id);
      this.#open.delete(entry);
      if (entry.execution?.upperId !== undefined) this.#makers.delete(entry.execution.upperId);
      this.#unlink(entry);
    }
  }

  #unlink(entry: Entry): void {
    if (entry.match === undefined) return;
    const entries = this.#byVertex.get(entry.match.digest);
    entries?.delete(entry);
    if (entries?.size === 0) this.#byVertex.delete(entry.match.digest);
  }
}

function isEqual(one: ExecutionMatch | undefined, other: ExecutionMatch): boolean {
  return (
    one !== undefined &&
    one.ref === other.ref &&
    one.digest === other.digest &&
    one.attribution === other.attribution
  );
}
