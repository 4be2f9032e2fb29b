import { textMatcher } from '../dockerfile/match.js';
import type { RunText } from './command-text.js';
import type { Execution, ExecutionMount } from './types.js';

/** Where BuildKit mounts a here-document; no flag asks for it. */
const PIPES = '/dev/pipes/';
const MOST_SLASHES = 32;

/**
 * False when a process cannot have been started with these flags (`mount=type=cache,target=/x`): another mount is
 * there, or one is missing.
 */
export function hasMountsOf(run: RunText, execution: Execution): boolean {
  const wanted = run.flags.flatMap((flag) => mountOf(flag, execution.cwd) ?? []);
  const volumes = execution.mounts.filter(({ snapshotId }) => snapshotId !== undefined);
  const isWanted = (target: string) => wanted.some((mount) => mount.isAt(clean(target)));
  if (volumes.some(({ target }) => !isWanted(target) && target !== PIPES)) return false;
  return wanted.every((mount) => {
    const found = execution.mounts.find(({ target }) => mount.isAt(clean(target)));
    return found !== undefined && (found.snapshotId === undefined || fits(mount, found));
  });
}

/** Variables of a flag are expanded in a step's name where they are set and not in single quotes; in the mount always. */
interface WantedMount {
  type: string;
  isAt(target: string): boolean;
  isFrom(source: string): boolean;
  /** Of a cache mount: whether it goes by that id. Without one it has its target as written. */
  isId(id: string): boolean;
}

function mountOf(flag: string, cwd: string): WantedMount | undefined {
  if (!flag.startsWith('mount=')) return undefined;
  const fields = new Map<string, string>();
  for (const field of flag.slice('mount='.length).split(',')) {
    const [name = '', value = ''] = splitOnce(field);
    fields.set(name.toLowerCase(), value);
  }
  const type = fields.get('type') ?? 'bind';
  const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination');
  if ((type !== 'bind' && type !== 'cache') || target === undefined) return undefined;
  return {
    type,
    isAt: textMatcher(clean(target.startsWith('/') ? target : `${cwd}/${target}`)),
    isFrom: textMatcher(clean(`/${fields.get('source') ?? fields.get('src') ?? ''}`)),
    isId: textMatcher(fields.get('id') ?? clean(target)),
  };
}

function fits(wanted: WantedMount, mount: ExecutionMount): boolean {
  if (wanted.type === 'cache') {
    return mount.cacheId === undefined || afterEachSlash(mount.cacheId).some((id) => wanted.isId(id));
  }
  return mount.path === undefined || wanted.isFrom(clean(mount.path));
}

/** The id behind a namespace, which may have slashes, too. */
function afterEachSlash(cacheId: string): string[] {
  const rests: string[] = [];
  for (
    let at = cacheId.indexOf('/');
    at >= 0 && rests.length < MOST_SLASHES;
    at = cacheId.indexOf('/', at + 1)
  ) {
    rests.push(cacheId.slice(at + 1));
  }
  return rests;
}

/** Resolves `.`, `..` and doubled slashes of an absolute path. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}

function splitOnce(field: string): string[] {
  const equals = field.indexOf('=');
  return equals < 0 ? [field] : [field.slice(0, equals), field.slice(equals + 1)];
}
