import type { RunText } from './command-text.js';
import type { Execution, ExecutionMount } from './types.js';

/** Where BuildKit mounts a here-document; no flag asks for it. */
const PIPES = '/dev/pipes/';

/**
 * False when a process cannot have been started with these flags (`mount=type=cache,target=/x`): another mount is
 * there, or one is missing.
 */
export function hasMountsOf(run: RunText, execution: Execution): boolean {
  const wanted = run.flags.flatMap((flag) => mountOf(flag, execution.cwd) ?? []);
  const targets = new Set(wanted.map(({ target }) => target));
  const volumes = execution.mounts.filter(({ snapshotId }) => snapshotId !== undefined);
  if (volumes.some(({ target }) => !targets.has(clean(target)) && target !== PIPES)) return false;
  return wanted.every((mount) => {
    const found = execution.mounts.find(({ target }) => clean(target) === mount.target);
    return found !== undefined && (found.snapshotId === undefined || fits(mount, found));
  });
}

interface WantedMount {
  type: string;
  target: string;
  source: string;
  /** Of a cache mount; its target as written when it has no other. */
  id: string | undefined;
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
    target: clean(target.startsWith('/') ? target : `${cwd}/${target}`),
    source: clean(`/${fields.get('source') ?? fields.get('src') ?? ''}`),
    id: type === 'cache' ? (fields.get('id') ?? clean(target)) : undefined,
  };
}

function fits(wanted: WantedMount, mount: ExecutionMount): boolean {
  if (wanted.type === 'cache') {
    return mount.cacheId === undefined || wanted.id === undefined || mount.cacheId.endsWith(`/${wanted.id}`);
  }
  return mount.path === undefined || clean(mount.path) === wanted.source;
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
