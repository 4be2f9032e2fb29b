import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { platformArguments } from '../../src/dockerfile/platform.js';
import { readDockerfile } from '../../src/dockerfile/read.js';
import { type ResolvedStage, resolveStages } from '../../src/dockerfile/resolve.js';
import { NetmeterError } from '../../src/errors.js';
import { contextSources } from '../../src/estimate/inputs.js';
import { neededStages } from '../../src/estimate/needed.js';
import type { StepInput } from '../../src/estimate/types.js';
import type { EstimateParams } from '../../src/protocol/messages.js';
import { isRemoteContext } from '../docker/remote-context.js';
import { readDockerfileText } from '../dockerfile/read-text.js';
import type { Io } from '../io.js';
import { type BuildArguments, parseBuildArguments } from './build-arguments.js';
import { Context, readIgnore } from './context.js';

/** Names of files and packages take most of a request; without them it is not told which one changed. */
const MOST_NAMES_BYTES = 400_000;

/**
 * What the daemon is asked for a `docker build` command line.
 * @throws NetmeterError `usage`, `unreadable-input`, `permission-denied`
 */
export async function estimateQuestion(
  words: readonly string[],
  { offline, stdin = true }: { offline: boolean; stdin?: boolean },
  { cwd, env }: Pick<Io, 'cwd' | 'env'>,
): Promise<EstimateParams> {
  const asked = parseBuildArguments(words);
  const place = await placeOf(asked, cwd);
  if (place.path === undefined && !stdin) {
    throw new NetmeterError('usage', 'standard input belongs to the build');
  }
  const text = await readDockerfileText(place.path ?? '-');
  const file = asked.file ?? 'Dockerfile';
  const [platform, ...otherPlatforms] = asked.platforms;
  const buildArgs = { ...platformArguments(platform, process.arch), ...valuesOf(asked, env) };
  const stages = resolveStages(readDockerfile(text, file), new Map(Object.entries(buildArgs)));
  const needed = neededStages(stages, asked.target);
  return {
    text,
    file,
    ...(place.path === undefined ? {} : { path: place.path }),
    ...(place.context === undefined ? {} : { context: place.context }),
    ...(asked.target === undefined ? {} : { target: asked.target }),
    ...(platform === undefined ? {} : { platform }),
    otherPlatforms,
    buildArgs,
    contexts: asked.contexts,
    noCache: asked.noCache,
    noCacheFilter: asked.noCacheFilter,
    pull: asked.pull,
    offline,
    inputs: await inputsOf(needed, place, asked.contexts, cwd),
  };
}

interface BuildPlace {
  /** Of the Dockerfile; undefined for standard input. */
  path: string | undefined;
  /** Undefined where there is none. */
  context: string | undefined;
}

async function placeOf({ context, file }: BuildArguments, cwd: string): Promise<BuildPlace> {
  if (isRemoteContext(context)) {
    throw new NetmeterError('usage', `what a build of ${context} copies is not known before it is fetched`, {
      hint: 'Estimates are made for contexts on this machine.',
    });
  }
  if (context === '-') {
    if (file !== undefined && file !== '-') {
      throw new NetmeterError(
        'usage',
        'a context from standard input cannot be looked into before the build',
        {
          hint: 'Unpack it, and name the folder.',
        },
      );
    }
    return { path: undefined, context: undefined };
  }
  const root = resolve(cwd, context);
  const facts = await stat(root).catch(() => undefined);
  if (facts === undefined || !facts.isDirectory()) {
    throw new NetmeterError('unreadable-input', `${context} is no folder to build from`, {
      hint: 'Give the arguments of docker build: netmeter estimate -f FILE FOLDER',
    });
  }
  if (file === '-') return { path: undefined, context: root };
  return { path: file === undefined ? resolve(root, 'Dockerfile') : resolve(cwd, file), context: root };
}

/** A build argument without a value has that of the environment. */
function valuesOf({ buildArgs }: BuildArguments, env: Io['env']): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value = env[name]] of buildArgs) if (value !== undefined) values[name] = value;
  return values;
}

/** By line: what each step takes from the context, or from a folder that `--build-context` names. */
async function inputsOf(
  stages: readonly ResolvedStage[],
  { context: root, path }: BuildPlace,
  named: Readonly<Record<string, string>>,
  cwd: string,
): Promise<Record<string, StepInput>> {
  const inputs: Record<string, StepInput> = {};
  const context = root === undefined ? undefined : new Context(root, await readIgnore(path, root));
  const others = await foldersOf(named, cwd);
  let names = 0;
  for (const step of stages.flatMap((stage) => stage.steps)) {
    const other = others.get(step.from?.toLowerCase() ?? '');
    const sources = other === undefined ? contextSources(step) : step.sources;
    const input = sources.length === 0 ? undefined : await (other ?? context)?.input(sources);
    if (input === undefined) continue;
    names += JSON.stringify([input.files, input.packages]).length;
    const { digest, newestAt, newest } = input;
    inputs[String(step.instruction.line)] = names > MOST_NAMES_BYTES ? { digest, newestAt, newest } : input;
  }
  return inputs;
}

async function foldersOf(
  named: Readonly<Record<string, string>>,
  cwd: string,
): Promise<Map<string, Context>> {
  const folders = new Map<string, Context>();
  for (const [name, what] of Object.entries(named)) {
    if (/^[\w-]+:\/\//.test(what)) continue;
    const root = resolve(cwd, what);
    const facts = await stat(root).catch(() => undefined);
    if (facts?.isDirectory()) folders.set(name, new Context(root, await readIgnore(undefined, root)));
  }
  return folders;
}
