import type { StepKind } from './types.js';

export interface StepName {
  stage: string | undefined;
  number: number | undefined;
  platform: string | undefined;
  /** The name without its bracket. */
  instruction: string;
  kind: StepKind;
}

const BRACKET = /^\[([^\]\n]{1,512})\] */;
/** `2/5`, ` 2/12`, `app 2/5`, `app  3/18`, `linux/amd64 2/3`, `linux/amd64->arm64 build 1/2`. */
const STAGE = /^ *(?:([a-z][a-z0-9]*\/\S+) +)?(?:(\S+) +)?(\d{1,6})\/\d{1,6}$/;
const GIT_SOURCE = /^(?:git@|git:\/\/|ssh:\/\/)|\.git(?:[#?].*)?$/;
const LOOKUP = /^(?:load metadata for|resolve image config for) /;
const LOCAL = /^load (?:\.dockerignore|build definition|build context|from client)/;

/**
 * Reads the name that BuildKit's Dockerfile frontend gives to a vertex: `[linux/amd64 app 2/5] RUN make`,
 * `[internal] load metadata for …`, `[context base] alpine:3`. What ADD fetches is a vertex of its own,
 * without inputs, which bears the same name as the one that copies it into the image (seen on Engine 28).
 *
 * @param hasInputs whether the vertex depends on others
 */
export function parseStepName(name: string, hasInputs: boolean): StepName {
  const bracket = BRACKET.exec(name)?.[1];
  const instruction = bracket === undefined ? name : name.replace(BRACKET, '');
  const stage = bracket === undefined ? null : STAGE.exec(bracket);
  return {
    platform: stage?.[1],
    stage: stage?.[2],
    number: stage === null ? undefined : Number(stage[3]),
    instruction,
    kind: kindOf(bracket, instruction, hasInputs),
  };
}

/** True for `[internal] load metadata for …` and the like, which ask a registry for a manifest. */
export function isLookup(instruction: string): boolean {
  return LOOKUP.test(instruction) || isCacheImport(instruction);
}

/** `--cache-from`: what is in there is pulled later, by the steps that need it. */
export function isCacheImport(instruction: string): boolean {
  return instruction.startsWith('importing cache manifest from ');
}

/** What an ADD fetches, as written: its words without flags and without the destination. */
export function addSources(instruction: string): string[] {
  const words = instruction.split(/\s+/).slice(1);
  const operands = words.filter((word) => word !== '' && !word.startsWith('--'));
  const plain = operands[0]?.startsWith('[')
    ? operands
        .join(' ')
        .split(/[[\]",\s]+/)
        .filter(Boolean)
    : operands;
  return plain.slice(0, -1);
}

function kindOf(bracket: string | undefined, instruction: string, hasInputs: boolean): StepKind {
  if (instruction.startsWith('load git source ')) return 'git';
  if (instruction === 'load remote build context') return 'add';
  if (isLookup(instruction) || LOCAL.test(instruction)) return 'internal';
  if (bracket?.startsWith('context ')) return sourceKind(instruction) ?? 'from';
  if (bracket === 'internal' || bracket === 'auth') return 'internal';
  return dockerfileKind(instruction, hasInputs) ?? plainKind(instruction, hasInputs);
}

function dockerfileKind(instruction: string, hasInputs: boolean): StepKind | undefined {
  switch (/^[A-Z]+(?=\s|$)/.exec(instruction)?.[0]) {
    case 'FROM':
      return 'from';
    case 'RUN':
      return 'run';
    case 'COPY':
      return 'copy';
    case 'ADD':
      if (hasInputs) return 'copy';
      return onlyGit(addSources(instruction)) ? 'git' : 'add';
    default:
      return undefined;
  }
}

function onlyGit(sources: string[]): boolean {
  return sources.length > 0 && sources.every((source) => GIT_SOURCE.test(source));
}

/** Vertices that no Dockerfile line made: exports, other frontends' sources and commands. */
function plainKind(instruction: string, hasInputs: boolean): StepKind {
  if (/^(?:exporting|pushing|sending tarball|writing image|importing to)\b/.test(instruction))
    return 'export';
  if (!hasInputs) return sourceKind(instruction) ?? 'internal';
  if (/^copy /.test(instruction)) return 'copy';
  return /^(?:\/\S*\/)?(?:ba|da)?sh -\S*c /.test(instruction) ? 'run' : 'internal';
}

function sourceKind(instruction: string): StepKind | undefined {
  if (/^(?:docker-image|oci-layout):\/\//.test(instruction)) return 'from';
  if (GIT_SOURCE.test(instruction)) return 'git';
  return /^https?:\/\//.test(instruction) ? 'add' : undefined;
}
