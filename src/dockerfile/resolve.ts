import { mountsOf } from './mounts.js';
import { after, expandText, expandWord, type Given, globalScope, type Scope, variablesOf } from './scope.js';
import type { Dockerfile, Instruction, Mount, Stage } from './types.js';
import { splitWords } from './words.js';

/** A stage with its variables' values, as far as the file and the build's arguments tell. */
export interface ResolvedStage {
  stage: Stage;
  /** The stage it builds on; undefined for an image. */
  parent: ResolvedStage | undefined;
  /** The image it builds on, `scratch` included; undefined for another stage. */
  image: string | undefined;
  platform: string | undefined;
  steps: ResolvedStep[];
}

export interface ResolvedStep {
  instruction: Instruction;
  /** As BuildKit names it: `RUN make all`. */
  text: string;
  /** Of RUN. */
  mounts: Mount[];
  /** What COPY and ADD take, without the destination and here-documents. */
  sources: string[];
  /** Stage or image that COPY takes them from; undefined for the build context. */
  from: string | undefined;
  /** User and directory that the instruction runs with; undefined where the base image says. */
  user: string | undefined;
  workdir: string | undefined;
  /** Values of variables at this instruction, the base image's not included. */
  variables: ReadonlyMap<string, string>;
}

interface Position {
  scope: Scope;
  user: string | undefined;
  workdir: string | undefined;
}

/** All stages, in the file's order. */
export function resolveStages(
  file: Dockerfile,
  buildArgs: ReadonlyMap<string, string> = new Map(),
): ResolvedStage[] {
  const given: Given = { buildArgs, globals: globalScope(file.globalArgs, buildArgs) };
  const ends = new Map<ResolvedStage, Position>();
  const resolved: ResolvedStage[] = [];
  for (const stage of file.stages) {
    const base = expandWord(stage.base, new Map([...buildArgs, ...given.globals]));
    const parent = stageNamed(base, resolved);
    const start = parent && ends.get(parent);
    const position: Position = {
      scope: { args: new Map(), env: start?.scope.env ?? new Map() },
      user: start?.user,
      workdir: start?.workdir,
    };
    const made: ResolvedStage = {
      stage,
      parent,
      image: parent === undefined ? base : undefined,
      platform: stage.platform && expandWord(stage.platform, new Map([...buildArgs, ...given.globals])),
      steps: [],
    };
    for (const instruction of stage.instructions) made.steps.push(step(instruction, position, given));
    ends.set(made, position);
    resolved.push(made);
  }
  return resolved;
}

/** A stage by its name or number; names of later stages are images. */
export function stageNamed(name: string, stages: readonly ResolvedStage[]): ResolvedStage | undefined {
  const wanted = name.toLowerCase();
  const index = /^\d+$/.test(name) ? Number(name) : undefined;
  return (
    stages.findLast(({ stage }) => stage.name === wanted) ?? stages.find(({ stage }) => stage.index === index)
  );
}

/** Moves `position` on, in place. */
function step(instruction: Instruction, position: Position, given: Given): ResolvedStep {
  const variables = variablesOf(position.scope);
  const word = (text: string) => expandWord(text, variables);
  const isCopy = instruction.keyword === 'COPY' || instruction.keyword === 'ADD';
  const made: ResolvedStep = {
    instruction,
    text: expandText(instruction.text, variables),
    mounts: mountsOf(instruction).map((mount) => expandMount(mount, word)),
    sources: isCopy ? copySources(instruction).map(word) : [],
    from: isCopy ? instruction.flags.find((flag) => flag.name === 'from')?.value : undefined,
    user: position.user,
    workdir: position.workdir,
    variables,
  };
  if (made.from !== undefined) made.from = word(made.from);
  position.scope = after(instruction, position.scope, given);
  if (instruction.keyword === 'USER') position.user = word(instruction.rest);
  if (instruction.keyword === 'WORKDIR') position.workdir = below(position.workdir, word(instruction.rest));
  return made;
}

function expandMount(mount: Mount, word: (text: string) => string): Mount {
  const expanded = (text: string | undefined) => (text === undefined ? undefined : word(text));
  return {
    ...mount,
    target: expanded(mount.target),
    source: expanded(mount.source),
    from: expanded(mount.from),
    id: expanded(mount.id),
  };
}

function copySources(instruction: Instruction): string[] {
  const words = instruction.json ?? splitWords(instruction.rest);
  return words.slice(0, -1).filter((source) => !source.startsWith('<<'));
}

function below(workdir: string | undefined, path: string): string | undefined {
  if (path.startsWith('/')) return path;
  return workdir === undefined ? undefined : `${workdir.replace(/\/+$/, '')}/${path}`;
}
