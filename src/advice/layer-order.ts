import type { ResolvedStep } from '../dockerfile/resolve.js';
import type { Manager } from './managers.js';
import { againstRepeats } from './repeats.js';
import type { RunScene, Scene } from './scene.js';
import type { Advice } from './types.js';

/** Commands that install what a lock file says, for which that file alone has to be there. */
const BY_MANIFEST: Readonly<Record<string, RegExp>> = {
  poetry: /\bpoetry\b.*\b(?:install|sync)\b/,
  uv: /\buv\b.*\b(?:sync|pip install)\b/,
  npm: /\bnpm\b.*\b(?:ci|install|i)\b/,
  pnpm: /\bpnpm\b.*\b(?:install|i|fetch)\b/,
  yarn: /\byarn\b/,
  pip: /\bpip[\d.]*\b.*\s-(?:r|-requirement)\b/,
  composer: /\bcomposer\b.*\binstall\b/,
  gem: /\bbundler?\b.*\binstall\b/,
  go: /\bgo mod download\b/,
};

/**
 * What comes before an install and changes more often than what it installs: a copy of the whole context, a build
 * argument that is new in every build.
 */
export function brokenLayers({ runs }: Scene): Advice[] {
  return runs.flatMap((run) => {
    const manager = run.managers[0];
    if (manager === undefined) return [];
    const before = run.stage.steps.slice(0, run.stage.steps.indexOf(run.step));
    const copy = before.find(copiesEverything);
    const takesManifest = BY_MANIFEST[manager.name]?.test(run.script) ?? manager.manifests.length === 0;
    if (copy !== undefined && takesManifest) return [moved(run, copy, manager)];
    const arg = before.find((step) => step.instruction.keyword === 'ARG' && isNewInEveryBuild(step));
    return arg === undefined ? [] : [afterArgument(run, arg)];
  });
}

function moved(run: RunScene, copy: ResolvedStep, manager: Manager): Advice {
  const { line } = copy.instruction;
  const advice =
    manager.manifests.length === 0
      ? `move this step above line ${line}`
      : `before it, copy only ${manager.manifests.join(' and ')}, and the rest after it`;
  return {
    code: 'layer-cache-broken',
    message: `"${copy.instruction.text}" in line ${line} makes this step run again whenever any file of the context changes: ${advice}`,
    line: run.step.instruction.line,
    ...againstRepeats(run.history),
    fix: undefined,
  };
}

function afterArgument(run: RunScene, arg: ResolvedStep): Advice {
  return {
    code: 'layer-cache-broken',
    message:
      `"${arg.instruction.text}" in line ${arg.instruction.line} has another value in every build, which makes this step run ` +
      'again: move it below this step',
    line: run.step.instruction.line,
    ...againstRepeats(run.history),
    fix: undefined,
  };
}

function copiesEverything({ instruction, sources, from }: ResolvedStep): boolean {
  const isCopy = instruction.keyword === 'COPY' || instruction.keyword === 'ADD';
  return isCopy && from === undefined && sources.some((source) => /^\.?\/?\*?$/.test(source));
}

function isNewInEveryBuild({ instruction }: ResolvedStep): boolean {
  return /^(?:\w*_)?(?:BUILD_?(?:DATE|TIME|TIMESTAMP|ID|NUMBER)|CACHE_?BUST\w*|COMMIT(?:_SHA)?|GIT_(?:COMMIT|SHA|BUILD_HASH)|VCS_REF|DATE|REVISION)(?==|$)/i.test(
    instruction.rest,
  );
}
