/**
 * Engines before 24 tell nothing of their builds. Their processes still do: each becomes a step of its own, and
 * steps that stand on one another, or follow closely, become a build.
 */
import type { EpochMs, Milliseconds } from '../units.js';
import type { Build, CacheMount, Execution, Step } from './types.js';

/** Between two RUNs of one build are copies and other steps that have no process; longer pauses end a build. */
const PAUSE: Milliseconds = 5_000;
const MOST_BUILDS = 256;

interface Group {
  ref: string;
  engine: string;
  executions: Map<string, Execution>;
  layers: Set<string>;
}

export class LegacyBuilds {
  readonly #groups: Group[] = [];

  /** A process was seen, or ended. Returns the build that it belongs to, as it is now known. */
  execution(execution: Execution): Build {
    const group = this.#groupOf(execution);
    group.executions.set(execution.id, execution);
    if (execution.upperId !== undefined) group.layers.add(execution.upperId);
    return buildOf(group);
  }

  /** Builds that ended by then: nothing runs in them, and no step came for a while. */
  ended(now: EpochMs): Build[] {
    return this.#groups.filter((group) => now - lastOf(group) > PAUSE).map(buildOf);
  }

  /** Which build it is of: one that has it, one that made a layer below it, one that was at work just before. */
  #groupOf(execution: Execution): Group {
    const ofEngine = this.#groups.filter(({ engine }) => engine === execution.engine).reverse();
    const found =
      ofEngine.find(({ executions }) => executions.has(execution.id)) ??
      ofEngine.find(
        (group) => isRecent(group, execution) && execution.lowerIds.some((id) => group.layers.has(id)),
      ) ??
      ofEngine.find((group) => isRecent(group, execution));
    return found ?? this.#open(execution);
  }

  #open({ id, engine }: Execution): Group {
    const group = { ref: `exec-${id}`, engine, executions: new Map(), layers: new Set<string>() };
    this.#groups.push(group);
    if (this.#groups.length > MOST_BUILDS) this.#groups.shift();
    return group;
  }
}

function isRecent(group: Group, { seenAt }: Execution): boolean {
  return seenAt - lastOf(group) <= PAUSE;
}

/** When the group was last at work; infinitely late while it is. */
function lastOf({ executions }: Group): EpochMs {
  return Math.max(...[...executions.values()].map(({ goneAt }) => goneAt ?? Number.POSITIVE_INFINITY));
}

function buildOf(group: Group): Build {
  const executions = [...group.executions.values()].sort((a, b) => a.seenAt - b.seenAt);
  const last = lastOf(group);
  const ended = Number.isFinite(last);
  return {
    ref: group.ref,
    engine: group.engine,
    name: group.ref,
    project: undefined,
    context: undefined,
    dockerfile: undefined,
    target: undefined,
    platforms: [],
    status: ended ? 'completed' : 'running',
    error: undefined,
    startedAt: executions[0]?.seenAt ?? 0,
    completedAt: ended ? last : undefined,
    steps: executions.map((execution) => stepOf(execution, executions)),
  };
}

/** A step of which only the process is known. Whether it failed is not. */
export function stepOf(execution: Execution, others: readonly Execution[] = []): Step {
  const { id, args, lowerIds, seenAt, goneAt } = execution;
  const instruction = `RUN ${isShell(args) ? args.at(-1) : JSON.stringify(args)}`;
  const below = lowerIds.map((layer) => others.find(({ upperId }) => upperId === layer));
  const parent = below.find((other) => other !== undefined && other.id !== id);
  return {
    digest: digestOf(id),
    inputs: parent === undefined ? [] : [digestOf(parent.id)],
    name: instruction,
    number: undefined,
    stage: undefined,
    instruction,
    platform: undefined,
    kind: 'run',
    status: goneAt === undefined ? 'running' : 'done',
    error: undefined,
    intervals: [{ startedAt: seenAt, completedAt: goneAt }],
    blobs: [],
    executorIds: [id],
    attribution: 'exact',
    sharedWith: undefined,
    cacheMounts: execution.mounts.filter(({ cacheId }) => cacheId !== undefined).map(cacheMount),
  };
}

function cacheMount({ target, cacheId, snapshotId, emptyAtStart }: Execution['mounts'][number]): CacheMount {
  const id = cacheId?.replace(/^[^/]*\//, '');
  return {
    id,
    target,
    recordId: snapshotId,
    sharing: undefined,
    emptyAtStart,
    bytesBefore: undefined,
    bytesAfter: undefined,
  };
}

/** `/bin/sh -c COMMAND`, and what SHELL may make of it. */
function isShell(args: readonly string[]): boolean {
  return args.length > 2 && /^-\w*c$/.test(args.at(-2) ?? '');
}

function digestOf(executorId: string): string {
  return `exec:${executorId}`;
}
