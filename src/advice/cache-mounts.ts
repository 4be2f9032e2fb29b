import type { Instruction, Mount } from '../dockerfile/types.js';
import { formatBytes } from '../text/figures.js';
import { emptiedBy } from './emptied.js';
import type { Manager } from './managers.js';
import { againstRepeats } from './repeats.js';
import { type RunScene, type Scene, stepsBefore } from './scene.js';
import type { Advice } from './types.js';
import { isRoot, uidOf } from './users.js';

/** RUN steps that download packages and keep none of them for the next time. */
export function missingCacheMounts({ runs }: Scene): Advice[] {
  return runs.flatMap((run) => {
    if (hasNoNetwork(run)) return [];
    const lacking = run.managers.filter((manager) => !isCovered(manager, run));
    return lacking.length === 0 ? [] : [missing(run, lacking)];
  });
}

function missing(run: RunScene, lacking: readonly Manager[]): Advice {
  const { step } = run;
  const flags = lacking.flatMap((manager) => manager.targets(run.place).map((t) => flag(t, manager, run)));
  const names = lacking.map((manager) => manager.name).join(' and ');
  const repeats = againstRepeats(run.history);
  const remove = lacking.flatMap((manager) => defeatedBy(manager, run));
  const targets = lacking.flatMap((manager) => manager.targets(run.place));
  const disarm = emptiedBy(run.script, targets).map(({ command }) => command);
  const without = [...remove, ...disarm.map((command) => `"${command}"`)].join(', ');
  return {
    code: 'cache-mount-missing',
    message: `${names} ${lacking.length === 1 ? 'downloads' : 'download'} everything again whenever this step runs${measured(run)}: write RUN ${flags.join(' ')} …${without && `, without ${without}`}`,
    line: step.instruction.line,
    ...repeats,
    fix: isOwnerKnown(run)
      ? { ...linesOf(step.instruction), flags, before: preparations(run, lacking), remove, disarm }
      : undefined,
  };
}

/** Where a fix of an instruction reaches. */
export function linesOf({ line, endLine }: Instruction): { line: number; endLine: number } {
  return { line, endLine };
}

function hasNoNetwork({ step }: RunScene): boolean {
  return step.instruction.flags.some(({ name, value }) => name === 'network' && value === 'none');
}

function measured({ history }: RunScene): string {
  const known = history.flatMap((each) => each.bytes ?? []);
  if (known.length === 0) return '';
  const times = known.length === 1 ? 'once' : `${known.length} times`;
  return ` (it ran ${times}, for ${formatBytes(known.reduce((sum, bytes) => sum + bytes, 0))})`;
}

/** `--mount=type=cache,target=/root/.npm`, with what its user needs to write there. */
export function flag(target: string, manager: Manager, run: RunScene): string {
  const sharing = manager.sharing === undefined ? '' : `,sharing=${manager.sharing}`;
  return `--mount=type=cache,target=${target}${sharing}${ownership(run)}`;
}

function ownership(run: RunScene): string {
  const { user } = run.step;
  if (isRoot(user)) return '';
  const uid = ownerOf(run);
  return uid === undefined ? `,uid=<the number of ${user}>` : `,uid=${uid},gid=${uid}`;
}

/** Without its user's number, a new mount would be root's, and the step could not write to it. */
function isOwnerKnown(run: RunScene): boolean {
  return isRoot(run.step.user) || ownerOf(run) !== undefined;
}

function ownerOf({ step, stage }: RunScene): string | undefined {
  return uidOf(step.user, stepsBefore(stage, step));
}

/** Lines that the step needs before it for the mount to be of use. Only root may write to /etc. */
function preparations(run: RunScene, lacking: readonly Manager[]): string[] {
  return lacking.flatMap(({ prepare }) => {
    if (prepare === undefined || (prepare.line.startsWith('RUN') && !isRoot(run.step.user))) return [];
    return isPrepared(run, prepare.unless) ? [] : [prepare.line];
  });
}

/** Whether the step, or one before it, has such words. */
export function isPrepared(run: RunScene, words: RegExp): boolean {
  const before = stepsBefore(run.stage, run.step).map(({ instruction }) => instruction);
  return [run.step.instruction, ...before].some(({ text, documents }) =>
    [text, ...documents.map((each) => each.content)].some((each) => words.test(each)),
  );
}

/** Words in the step's text that make its manager do without a cache. */
export function defeatedBy(manager: Manager, { script }: RunScene): string[] {
  if (manager.defeats === undefined) return [];
  return [...new Set(script.match(manager.defeats) ?? [])];
}

/** A cache mount at one of its places, above or below it. */
export function isCovered(manager: Manager, run: RunScene): boolean {
  return mountsFor(manager, run).length > 0;
}

export function mountsFor(manager: Manager, { step, place, script }: RunScene): Mount[] {
  const targets = manager.targets(place);
  return step.mounts.filter(({ type, target }) => {
    if (type !== 'cache' || target === undefined) return false;
    const path = target.replace(/(?<=.)\/+$/, '');
    const isNear = targets.some((each) => isWithin(each, path) || isWithin(path, each));
    // A place of the user's own choice is named in the script or in a variable.
    const isNamed =
      script.includes(path) || [...place.variables.values()].some((value) => isWithin(path, value));
    return isNear || isNamed || lastName(path).includes(manager.name);
  });
}

function isWithin(path: string, folder: string): boolean {
  return folder !== '' && (path === folder || path.startsWith(`${folder}/`));
}

function lastName(path: string): string {
  return path.split('/').slice(-2).join('/');
}
