import type { EpochMs } from '../../units.js';
import type { LogUpdate } from '../status.js';
import { apt } from './apt.js';
import { cargo } from './cargo.js';
import { dnf } from './dnf.js';
import { LogLines } from './log-lines.js';
import { maven } from './maven.js';
import { pip } from './pip.js';
import { poetry } from './poetry.js';
import type { ClientLog, LineReader, PackageClient, Statement } from './types.js';
import { uv } from './uv.js';

const READERS: readonly LineReader[] = [apt, pip, uv, dnf, cargo, maven, poetry];
/** Standard output and standard error; BuildKit has no others, and a hostile engine gets no more. */
const MOST_STREAMS = 4;
/** Where an engine cuts a log (solver/llbsolver/ops/exec, util/progress/logs of moby/buildkit). */
const CUT = /\[output clipped, log limit /;
/** Names of one step; of more, that some are missing is all that is told. */
const MOST_INSTALLED = 2_000;
/** They do not name all that they fetch. */
const PARTIAL: readonly PackageClient[] = ['uv'];

/** The output of one step, as far as it says what its package managers fetched. */
export class StepLog {
  readonly #streams = new Map<number, { lines: LogLines; lastAt: EpochMs }>();
  readonly #logs = new Map<PackageClient, ClientLog>();
  #isCut = false;

  /** A piece that was read before, in an earlier reading of the same build, changes nothing. */
  take({ stream, at, text }: LogUpdate): void {
    const known = this.#streams.get(stream);
    if (known === undefined && this.#streams.size >= MOST_STREAMS) return;
    if (known !== undefined && at !== undefined && at <= known.lastAt) return;
    const lines = known?.lines ?? new LogLines();
    this.#streams.set(stream, { lines, lastAt: at ?? known?.lastAt ?? Number.NEGATIVE_INFINITY });
    for (const line of lines.push(text)) this.#read(line);
  }

  /** No more will come: what has no line end yet is a line. */
  end(): void {
    for (const { lines } of this.#streams.values()) for (const line of lines.end()) this.#read(line);
  }

  /** What each client said, in the order they first did; empty when none did. */
  clients(): ClientLog[] {
    return [...this.#logs.values()].map((log) => ({
      ...withWhatWasThere(log),
      ...(log.installed && { installed: [...log.installed] }),
      isPartial: log.isPartial || this.#isCut,
    }));
  }

  #read(line: string): void {
    if (CUT.test(line)) this.#isCut = true;
    for (const { client, read } of READERS) {
      const statements = read(line);
      if (statements.length === 0) continue;
      const log = statements.reduce(withStatement, this.#logs.get(client) ?? emptyLog(client));
      this.#logs.set(client, log);
      return;
    }
  }
}

function emptyLog(client: PackageClient): ClientLog {
  return {
    client,
    downloadedBytes: undefined,
    cachedBytes: undefined,
    neededBytes: undefined,
    roundingBytes: 0,
    isPartial: PARTIAL.includes(client),
  };
}

const FIELDS = { fetched: 'downloadedBytes', cached: 'cachedBytes', needed: 'neededBytes' } as const;

function withStatement(log: ClientLog, statement: Statement): ClientLog {
  if (statement.kind === 'installed') return withName(log, statement.name);
  const { kind, size } = statement;
  const field = FIELDS[kind];
  return {
    ...log,
    [field]: (log[field] ?? 0) + size.bytes,
    roundingBytes: log.roundingBytes + size.rounding,
  };
}

/** In place: there may be thousands. */
function withName(log: ClientLog, name: string): ClientLog {
  const installed = log.installed ?? [];
  if (installed.includes(name)) return log;
  if (installed.length >= MOST_INSTALLED) return { ...log, isPartial: true };
  installed.push(name);
  return { ...log, installed };
}

/** dnf says what it needs, and what of that it has to fetch. */
function withWhatWasThere(log: ClientLog): ClientLog {
  const { client, neededBytes, downloadedBytes = 0, cachedBytes } = log;
  if (client !== 'dnf' || neededBytes === undefined || cachedBytes !== undefined) return log;
  return { ...log, cachedBytes: Math.max(0, neededBytes - downloadedBytes) };
}
