import { NetmeterError } from '../errors.js';
import type { CacheDocument } from '../protocol/documents.js';
import { escapeText } from '../text/escape.js';

type Named = Pick<CacheDocument, 'id' | 'namespace' | 'target' | 'targets' | 'recordId'>;

const SHORTEST_PREFIX = 4;
/** As `cache ls` shows records. */
const SHOWN_PREFIX = 12;

/**
 * The caches that a name means: the id that Dockerfiles use, with or without its namespace, else a target, else
 * the engine's record or the beginning of one. What is shown escaped may be typed as it is shown.
 *
 * @throws NetmeterError `not-found`
 */
export function cachesNamed<C extends Named>(caches: readonly C[], name: string): C[] {
  const is = (text: string) => isTyped(text, name);
  const ways: ((cache: C) => boolean)[] = [
    (cache) => cache.recordId === name,
    (cache) => is(cache.id),
    (cache) => is(fullId(cache)),
    (cache) => cache.targets.some(is),
    (cache) => name.length >= SHORTEST_PREFIX && cache.recordId.startsWith(name),
  ];
  for (const way of ways) {
    const found = caches.filter(way);
    if (found.length > 0) return found;
  }
  throw new NetmeterError('not-found', `there is no cache mount ${JSON.stringify(name)}`, {
    hint: 'netmeter cache ls lists them.',
  });
}

/**
 * The one cache that a name means.
 *
 * @throws NetmeterError `not-found`, `ambiguous` with a list of those that it fits
 */
export function cacheNamed<C extends Named>(caches: readonly C[], name: string): C {
  const found = cachesNamed(caches, name);
  if (found.length === 1) return found[0] as C;
  throw new NetmeterError('ambiguous', `${JSON.stringify(name)} fits ${found.length} cache mounts`, {
    hint: `Use the record's id:\n${listCaches(found)}`,
  });
}

/**
 * Whether the name is the cache's own: its id, with or without namespace, or its record as far as `cache ls` shows
 * it. A target and a short beginning of a record are not: once what they meant is gone, they fit another cache.
 */
export function isOwnName(cache: Named, name: string): boolean {
  if (isTyped(cache.id, name) || isTyped(fullId(cache), name)) return true;
  return name.length >= SHOWN_PREFIX && cache.recordId.startsWith(name);
}

/** A line for each, beginning with the record's id. */
export function listCaches(caches: readonly Named[]): string {
  return caches.map((cache) => `  ${cache.recordId}  ${escapeText(describe(cache))}`).join('\n');
}

/** `<namespace>/<id>`, or the id alone where the namespace is everybody's. */
export function fullId({ namespace, id }: Pick<CacheDocument, 'namespace' | 'id'>): string {
  return namespace === '' ? id : `${namespace}/${id}`;
}

/** What is shown escaped may be typed so. */
function isTyped(text: string, name: string): boolean {
  return text === name || escapeText(text) === name;
}

function describe(cache: Named): string {
  const { target } = cache;
  const id = fullId(cache);
  return target === null || target === id ? id : `${id} at ${target}`;
}
