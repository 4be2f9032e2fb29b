/** The cache mounts of a RUN step: what its instruction says, with what was seen while it ran. */
import { textMatcher } from '../dockerfile/match.js';
import { runTextOf } from './run-text.js';
import type { CacheMount, Execution, ExecutionMount } from './types.js';

interface MountFlag {
  id: string | undefined;
  target: string;
  sharing: string;
  from: string | undefined;
}

/** BuildKit's own default (dockerfile/instructions/commands_runmount.go). */
const DEFAULT_SHARING = 'shared';

/**
 * One entry a cache mount: from the instruction when it names them, else (an engine without vertices) from
 * the execution. What nobody looked at in time stays undefined.
 */
export function cacheMountsOf(instruction: string, executions: readonly Execution[]): CacheMount[] {
  const seen = executions.flatMap((execution) => execution.mounts.filter(isCache));
  const flags = (runTextOf(instruction, executions[0])?.flags ?? [])
    .map(mountFlag)
    .filter((flag) => flag !== undefined);
  if (flags.length === 0) return seen.map((mount) => cacheMount(undefined, mount));
  return flags.map((flag) => cacheMount(flag, observed(flag.target, executions)));
}

/** Engines before 25 do not tell a cache's id; of the snapshots they mount, only caches may be written to. */
function isCache({ cacheId, snapshotId, readOnly }: ExecutionMount): boolean {
  return cacheId !== undefined || (snapshotId !== undefined && !readOnly);
}

function observed(target: string, executions: readonly Execution[]): ExecutionMount | undefined {
  for (const { mounts, cwd } of executions) {
    const isThere = textMatcher(joined(cwd, target));
    const found = mounts.find((mount) => mount.target === target || isThere(mount.target));
    if (found !== undefined) return found;
  }
  return undefined;
}

function cacheMount(flag: MountFlag | undefined, mount: ExecutionMount | undefined): CacheMount {
  return {
    id: idAs(flag?.id, mount?.cacheId) ?? flag?.target ?? mount?.target,
    target:
      flag === undefined || flag.target.includes('$') ? (mount?.target ?? flag?.target ?? '') : flag.target,
    recordId: mount?.snapshotId,
    sharing: flag?.sharing,
    emptyAtStart: mount?.emptyAtStart,
    bytesBefore: mount?.bytesBefore,
    bytesAfter: mount?.bytesAfter,
    ...(flag?.from !== undefined && { from: flag.from }),
  };
}

/** As the Dockerfile has it; where variables are left in that, as the mount has it. */
function idAs(written: string | undefined, cacheId: string | undefined): string | undefined {
  return written?.includes('$') ? (idOf(cacheId) ?? written) : (written ?? idOf(cacheId));
}

/** `<namespace>/<id>`, where the namespace may be empty. */
function idOf(cacheId: string | undefined): string | undefined {
  if (cacheId === undefined) return undefined;
  const slash = cacheId.indexOf('/');
  return slash < 0 ? cacheId : cacheId.slice(slash + 1);
}

/** `mount=type=cache,target=/x,id=y,sharing=locked`; undefined for other flags and mounts. */
function mountFlag(flag: string): MountFlag | undefined {
  if (!flag.startsWith('mount=')) return undefined;
  const fields = new Map<string, string>();
  for (const field of flag.slice('mount='.length).split(',')) {
    const [key = '', ...value] = field.split('=');
    fields.set(key.trim().toLowerCase(), value.join('='));
  }
  const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination');
  if (fields.get('type') !== 'cache' || target === undefined) return undefined;
  const from = startsWith(fields.get('from'), fields.get('source') ?? fields.get('src'));
  return { id: fields.get('id'), target, sharing: fields.get('sharing') ?? DEFAULT_SHARING, from };
}

/** `assets:/wheels` of `from=assets,source=/wheels`. */
function startsWith(stage: string | undefined, source: string | undefined): string | undefined {
  if (!stage) return undefined;
  return source === undefined || source === '/' ? stage : `${stage}:${source}`;
}

function joined(cwd: string, target: string): string {
  return target.startsWith('/') ? target : `${cwd.replace(/\/$/, '')}/${target.replace(/^\.\//, '')}`;
}
