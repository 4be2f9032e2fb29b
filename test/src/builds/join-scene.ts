/** Builds and executions for tests of the join, with what a test does not care about filled in. */
import { parseStepName } from '../../../src/builds/step-name.js';
import type { Build, Execution, ExecutionMount, Step } from '../../../src/builds/types.js';

export const T0 = 1_800_000_000_000;

export interface StepSpec {
  inputs?: string[];
  /** Milliseconds after T0; the end is left out while it runs. */
  ran?: [start: number, end?: number];
  status?: Step['status'];
  sharedWith?: string;
}

export function step(
  digest: string,
  name: string,
  { inputs = [], ran, status, sharedWith }: StepSpec = {},
): Step {
  const end = ran?.[1];
  return {
    digest,
    inputs,
    name,
    ...parseStepName(name, inputs.length > 0),
    status: status ?? (ran === undefined ? 'pending' : end === undefined ? 'running' : 'done'),
    error: undefined,
    intervals:
      ran === undefined
        ? []
        : [{ startedAt: T0 + ran[0], completedAt: end === undefined ? undefined : T0 + end }],
    blobs: [],
    executorIds: [],
    attribution: 'unattributed',
    sharedWith,
    cacheMounts: [],
  };
}

export function build(ref: string, steps: Step[], [start, end]: [start: number, end?: number] = [0]): Build {
  return {
    ref,
    engine: 'lab',
    name: ref,
    project: undefined,
    context: undefined,
    dockerfile: undefined,
    target: undefined,
    platforms: [],
    status: end === undefined ? 'running' : 'completed',
    error: undefined,
    startedAt: T0 + start,
    completedAt: end === undefined ? undefined : T0 + end,
    steps,
  };
}

export interface ExecutionSpec extends Partial<Omit<Execution, 'id' | 'args'>> {
  ran: [start: number, end?: number];
}

/** A shell's execution of `command`. */
export function execution(id: string, command: string, { ran, ...more }: ExecutionSpec): Execution {
  return {
    id,
    engine: 'lab',
    cgroupPath: `/docker/buildkit/${id}`,
    args: ['/bin/sh', '-c', command],
    env: ['PATH=/bin'],
    cwd: '/',
    hostname: 'buildkitsandbox',
    mounts: [],
    upperId: `layer-${id}`,
    lowerIds: [],
    seenAt: T0 + ran[0],
    aliveAt: ran[1] === undefined ? undefined : T0 + ran[1] - 1,
    goneAt: ran[1] === undefined ? undefined : T0 + ran[1],
    ...more,
  };
}

export function volume(target: string, more: Partial<ExecutionMount>): ExecutionMount {
  const source = `/var/lib/docker/overlay2/${more.snapshotId ?? 'x'}/diff`;
  return {
    target,
    source,
    type: 'bind',
    readOnly: false,
    snapshotId: 'x',
    emptyAtStart: undefined,
    ...more,
  };
}
