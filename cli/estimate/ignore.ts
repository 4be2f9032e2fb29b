/** `.dockerignore`: which files of a context are sent (docs.docker.com/build/concepts/context, and moby/patternmatcher). */

export type Ignore = (path: string) => boolean;

const MOST_PATTERNS = 2000;

/** The last pattern that matches a path, or a folder that it is in, decides. */
export function parseIgnore(text: string): Ignore {
  const patterns = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, MOST_PATTERNS)
    .map((line) => {
      const isException = line.startsWith('!');
      return { isException, test: globMatcher(cleaned(isException ? line.slice(1).trim() : line)) };
    });
  return (path) => {
    let ignored = false;
    for (const { isException, test } of patterns) {
      if (ignored !== isException) continue;
      if (withParents(path).some(test)) ignored = !isException;
    }
    return ignored;
  };
}

/** Go's filepath.Match with `**` for any number of folders, on paths without a leading slash. */
export function globMatcher(pattern: string): (path: string) => boolean {
  const parts = pattern.split('/');
  return (path) => matchParts(parts, path.split('/'), new Map());
}

function matchParts(
  pattern: readonly string[],
  path: readonly string[],
  known: Map<string, boolean>,
): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  const key = `${pattern.length} ${path.length}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const result =
    first === '**'
      ? matchParts(rest, path, known) || (path.length > 0 && matchParts(pattern, path.slice(1), known))
      : path.length > 0 && matchName(first, path[0]!) && matchParts(rest, path.slice(1), known);
  known.set(key, result);
  return result;
}

/** `*`, `?`, `[a-z]` and `\x` within one name; without backtracking that grows. */
function matchName(pattern: string, name: string): boolean {
  let at = 0;
  let within = 0;
  let star = -1;
  let resume = 0;
  while (within < name.length) {
    const token = tokenAt(pattern, at);
    if (token?.kind === 'star') {
      star = token.end;
      at = token.end;
      resume = within;
    } else if (token?.matches?.(name[within]!)) {
      at = token.end;
      within += 1;
    } else if (star >= 0) {
      at = star;
      within = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at >= pattern.length;
}

interface Token {
  kind: 'star' | 'one';
  end: number;
  matches?: (character: string) => boolean;
}

function tokenAt(pattern: string, at: number): Token | undefined {
  const character = pattern[at];
  if (character === undefined) return undefined;
  if (character === '*') return { kind: 'star', end: at + 1 };
  if (character === '?') return { kind: 'one', end: at + 1, matches: () => true };
  if (character === '[') {
    const end = pattern.indexOf(']', at + 2);
    if (end > 0) return { kind: 'one', end: end + 1, matches: classMatcher(pattern.slice(at + 1, end)) };
  }
  const isEscape = character === '\\' && at + 1 < pattern.length;
  const literal = isEscape ? pattern[at + 1]! : character;
  return { kind: 'one', end: at + (isEscape ? 2 : 1), matches: (each) => each === literal };
}

function classMatcher(set: string): (character: string) => boolean {
  const negated = set.startsWith('^');
  const body = negated ? set.slice(1) : set;
  const ranges = [...body.matchAll(/(.)-(.)|(.)/gs)].map(([, from, to, one]) => [from ?? one!, to ?? one!]);
  return (character) => ranges.some(([from, to]) => character >= from! && character <= to!) !== negated;
}

function cleaned(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function withParents(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
