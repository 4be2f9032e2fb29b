import { parseImageName } from '../builds/join-images.js';
import { type ResolvedStage, stageNamed } from '../dockerfile/resolve.js';
import { NetmeterError } from '../errors.js';

/**
 * The stages that a target needs, in the file's order: what it builds on, copies from, and mounts.
 * @throws NetmeterError `usage` for a target that is not there
 */
export function neededStages(stages: readonly ResolvedStage[], target: string | undefined): ResolvedStage[] {
  const goal = target === undefined ? stages.at(-1) : stageNamed(target, stages);
  if (goal === undefined) {
    throw new NetmeterError('usage', `there is no stage ${JSON.stringify(target)} in the Dockerfile`, {
      hint: `Stages: ${stages.map(({ stage }) => stage.name ?? String(stage.index)).join(', ')}`,
    });
  }
  const needed = new Set<ResolvedStage>();
  const open = [goal];
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    if (needed.has(stage)) continue;
    needed.add(stage);
    open.push(...sourceStages(stage, stages));
  }
  return stages.filter((stage) => needed.has(stage));
}

/** Stages before this one that it takes from. */
export function sourceStages(stage: ResolvedStage, stages: readonly ResolvedStage[]): ResolvedStage[] {
  const names = stage.steps.flatMap((step) => [
    ...(step.from === undefined ? [] : [step.from]),
    ...step.mounts.flatMap(({ from }) => from ?? []),
  ]);
  const before = stages.filter((other) => other.stage.index < stage.stage.index);
  const sources = names.flatMap((name) => stageNamed(name, before) ?? []);
  return stage.parent === undefined ? sources : [stage.parent, ...sources];
}

/** An image that has to be there, and where the Dockerfile says so. */
export interface NeededImage {
  image: string;
  /** As the Dockerfile writes it. */
  names: string[];
  /** `FROM`, `COPY --from=`, `# syntax=` */
  by: string;
  line: number;
}

const IMAGE = 'docker-image://';

/**
 * Images that the stages start from, copy from or mount, and the one that reads the file, each once.
 * @param contexts what `--build-context` says that a name stands for
 */
export function neededImages(
  syntax: string | undefined,
  needed: readonly ResolvedStage[],
  all: readonly ResolvedStage[],
  contexts: Readonly<Record<string, string>> = {},
): NeededImage[] {
  const images = needed.flatMap((stage): NeededImage[] => {
    const before = all.filter((other) => other.stage.index < stage.stage.index);
    const foreign = stage.steps.flatMap((step) =>
      [step.from, ...step.mounts.map(({ from }) => from)]
        .filter((name) => name !== undefined && stageNamed(name, before) === undefined)
        .map((image) => ({
          image: image ?? '',
          names: [image ?? ''],
          by: `${step.instruction.keyword} --from=`,
          line: step.instruction.line,
        })),
    );
    const base = {
      image: stage.image ?? '',
      names: [stage.image ?? ''],
      by: 'FROM ',
      line: stage.stage.from.line,
    };
    return [base, ...foreign];
  });
  const own = syntax === undefined ? [] : [{ image: syntax, names: [], by: '# syntax=', line: 1 }];
  const meant = [...own, ...images].flatMap((each) => {
    const context = contexts[each.image.toLowerCase()];
    if (context === undefined) return [each];
    return context.startsWith(IMAGE) ? [{ ...each, image: context.slice(IMAGE.length) }] : [];
  });
  const once = new Map<string, NeededImage>();
  for (const each of meant) {
    if (each.image === 'scratch' || each.image === '') continue;
    const { name, digest } = parseImageName(each.image);
    const known = once.get(`${name}@${digest}`);
    if (known === undefined) once.set(`${name}@${digest}`, each);
    else known.names.push(...each.names);
  }
  return [...once.values()];
}
