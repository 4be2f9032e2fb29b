import { parseInstruction } from './command-text.js';
import { cacheMountOf } from './join-mounts.js';
import type { MatchedProcess } from './join-process-table.js';
import type { Build, CacheMount, Execution, Step } from './types.js';

/**
 * The build with what its processes add: executor ids, attribution, cache mounts, and which steps another build ran.
 * Steps that nothing is known of stay the same objects.
 * @param processesOf what ran a vertex, by its digest, in whichever build
 */
export function withProcesses(build: Build, processesOf: (digest: string) => MatchedProcess[]): Build {
  return {
    ...build,
    steps: build.steps.map((step) => withStepProcesses(step, build.ref, processesOf(step.digest))),
  };
}

function withStepProcesses(step: Step, ref: string, processes: readonly MatchedProcess[]): Step {
  const inTime = processes.filter(({ from }) => ranAt(step, from));
  const own = inTime.filter(({ match }) => match.ref === ref);
  if (own.length > 0) {
    return {
      ...step,
      executorIds: own.map(({ match }) => match.executorId),
      attribution: own.every(({ match }) => match.attribution === 'exact') ? 'exact' : 'inferred',
      cacheMounts: cacheMounts(step, own.at(-1)?.execution),
    };
  }
  const [other] = inTime;
  if (other !== undefined && step.status !== 'cached') {
    const mounts = cacheMounts(step, other.execution);
    return {
      ...step,
      status: 'shared',
      sharedWith: other.match.ref,
      attribution: 'shared',
      cacheMounts: mounts,
    };
  }
  const mounts = cacheMounts(step, undefined);
  return mounts.length === 0 ? step : { ...step, cacheMounts: mounts };
}

function ranAt(step: Step, at: number): boolean {
  // Folders' times are a tick of the clock early.
  return step.intervals.some(
    ({ startedAt, completedAt }) => at >= startedAt - 15 && at <= (completedAt ?? at) + 15,
  );
}

/** As the step asks for them, with what its process shows of each. */
function cacheMounts(step: Step, execution: Execution | undefined): CacheMount[] {
  const run = parseInstruction(step.instruction);
  const asked = (run?.flags ?? []).flatMap((flag) => cacheMountOf(flag, execution?.cwd) ?? []);
  const shown = (execution?.mounts ?? []).filter(({ cacheId }) => cacheId !== undefined);
  const targets = new Set([...asked, ...shown].map(({ target }) => target));
  return [...targets].map((target) => {
    const flag = asked.find((mount) => mount.target === target);
    const mount = execution?.mounts.find((one) => one.target === target);
    return {
      // The namespace is before the first slash; it is empty unless a build asks for one.
      id: mount?.cacheId?.replace(/^[^/]*\//, '') ?? flag?.id,
      target,
      recordId: mount?.snapshotId,
      sharing: flag?.sharing,
      emptyAtStart: mount?.emptyAtStart,
      bytesBefore: undefined,
      bytesAfter: undefined,
    };
  });
}
