import { parseInstruction } from '../builds/command-text.js';
import type { Build, Step } from '../builds/types.js';
import type { Place } from './types.js';

/** What `netmeter baseline` puts behind URLs. */
const MARK = /#netmeter-[0-9a-z]+/g;

/** Kinds of steps that fetch something of their own accord, so that a cold cost is worth asking for. */
const FETCHING = ['run', 'from', 'add', 'git'];

export function mayFetch(step: Pick<Step, 'kind'>): boolean {
  return FETCHING.includes(step.kind);
}

/**
 * What stays the same of a step when its inputs change: the instruction without flags (a cache mount does not
 * change what it costs cold), stage, number and platform, variables unexpanded where that was seen, image
 * digests left out. Two steps with the same digest are the same step; two with the same lineage are the same
 * instruction with whatever inputs.
 */
export function lineageOf(step: Pick<Step, 'kind' | 'instruction' | 'command'>): string {
  if (step.kind !== 'run' || step.command === undefined) return shownLineage(step);
  return `run ${oneLine(step.command)}`;
}

/** The lineage of a step by what BuildKit shows of it, its variables expanded: all there is of cached ones. */
export function shownLineage({ kind, instruction }: Pick<Step, 'kind' | 'instruction'>): string {
  if (kind === 'run') return `run ${oneLine(parseInstruction(instruction)?.text ?? instruction)}`;
  if (kind === 'from') return `from ${imageOf(instruction)}`;
  return `${kind} ${oneLine(withoutMark(instruction).replace(/^(?:ADD|COPY)\s+(?:--\S+\s+)*/, ''))}`;
}

/** The instruction as the user wrote it. */
export function withoutMark(instruction: string): string {
  return instruction.replace(MARK, '');
}

export function placeOf(build: Pick<Build, 'context' | 'dockerfile' | 'project' | 'name'>): Place {
  const { context, dockerfile, project } = build;
  const name = build.name.replace(/:[^/:]*$/, '');
  return {
    file: context === undefined ? undefined : JSON.stringify([context, dockerfile ?? null]),
    project,
    name,
  };
}

/** How near two places are: the same file, the same project or image, or nothing in common. */
export function nearness(a: Place, b: Place): 0 | 1 | 2 {
  if (a.file !== undefined && a.file === b.file) return 2;
  return a.name === b.name || (a.project !== undefined && a.project === b.project) ? 1 : 0;
}

/** `debian:13` of `FROM --platform=linux/arm64 docker.io/library/debian:13@sha256:…`. */
function imageOf(instruction: string): string {
  return instruction
    .replace(/^FROM\s+(?:--\S+\s+)*/, '')
    .replace(/^(?:docker-image|oci-layout):\/\//, '')
    .replace(/@sha(?:256|512):[0-9a-f]+/, '')
    .replace(/^docker\.io\/(?:library\/)?/, '')
    .trim();
}

function oneLine(text: string): string {
  return text
    .replace(/\\\r?\n/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
