/**
 * Shell patterns of `${name#pattern}` and its relatives: `*`, `?` and backslash escapes, no brackets. Patterns and
 * values come from Dockerfiles, so matching is a simulation in steps of pattern × value, never backtracking.
 */
type Token = { kind: 'star' | 'any' } | { kind: 'character'; character: string };
export type Glob = readonly Token[];

/** Undefined for an escape of an ordinary character, which BuildKit refuses. */
export function parseGlob(pattern: string): Glob | undefined {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at++) {
    let character = characters[at]!;
    if (character === '*') tokens.push({ kind: 'star' });
    else if (character === '?') tokens.push({ kind: 'any' });
    else {
      if (character === '\\') {
        const escaped = characters[++at];
        if (escaped === undefined || !'*?\\}/'.includes(escaped)) return undefined;
        character = escaped;
      }
      tokens.push({ kind: 'character', character });
    }
  }
  return tokens;
}

/** Where a match that begins at `from` may end; the shortest or the longest, undefined for none. */
function matchEnd(value: readonly string[], from: number, glob: Glob, longest: boolean): number | undefined {
  let states = new Set<number>();
  let end: number | undefined;
  const reach = (into: Set<number>, state: number) => {
    into.add(state);
    if (glob[state]?.kind === 'star') reach(into, state + 1);
  };
  reach(states, 0);
  for (let at = from; states.size > 0; at++) {
    if (states.has(glob.length)) {
      end = at;
      if (!longest) return end;
    }
    const character = value[at];
    if (character === undefined) break;
    const following = new Set<number>();
    for (const state of states) {
      const token = glob[state];
      if (token === undefined) continue;
      // As in the engine, wildcards stop at the end of a line.
      if (token.kind === 'character' ? token.character === character : character !== '\n') {
        reach(following, token.kind === 'star' ? state : state + 1);
      }
    }
    states = following;
  }
  return end;
}

export function cutPrefix(value: string, glob: Glob, longest: boolean): string {
  const characters = Array.from(value);
  const end = matchEnd(characters, 0, glob, longest);
  return end === undefined ? value : characters.slice(end).join('');
}

export function cutSuffix(value: string, glob: Glob, longest: boolean): string {
  const characters = Array.from(value).reverse();
  const end = matchEnd(characters, 0, glob.toReversed(), longest);
  return end === undefined ? value : characters.slice(end).reverse().join('');
}

/** Replaces the first or every match, each as long as possible; an empty match right after another is none. */
export function replaceGlob(value: string, glob: Glob, replacement: string, all: boolean): string {
  const characters = Array.from(value);
  let out = '';
  let at = 0;
  let last: number | undefined;
  while (at <= characters.length) {
    let end = last === undefined || all ? matchEnd(characters, at, glob, true) : undefined;
    if (end === at && last === at) end = undefined;
    if (end !== undefined) {
      out += replacement;
      last = end;
    }
    if (end === undefined || end === at) {
      out += characters[at] ?? '';
      at++;
    } else at = end;
  }
  return out;
}
