/**
 * Expands variables in the text of a RUN instruction as BuildKit does when it names the step: quotes are
 * kept, backslashes outside single quotes are consumed, variables that are not set stay as they are written.
 * Behaviour observed in frontend/dockerfile/shell of moby/buildkit, from 0.8 (Engine 20.10) to 0.25 (Engine 28).
 */
import { cutPrefix, cutSuffix, parseGlob, replaceGlob } from './command-glob.js';

export interface Expansion {
  text: string;
  /** Used a modifier that older engines do not know: there the name shows the text as it was written. */
  newer: boolean;
}

/** Dockerfiles are hostile: longer texts, deeper nesting and costlier patterns are compared as written. */
const LONGEST = 1 << 18;
const DEEPEST = 64;
const COSTLIEST = 1 << 22;

class BadSubstitution extends Error {}

const SPECIAL = new Set([...'@*#?-$!0']);
const NAME_START = /[\p{L}_]/u;
const NAME_PART = /[\p{L}\p{Nd}_]/u;
const DIGIT = /\p{Nd}/u;

class Scanner {
  readonly #characters: string[];
  readonly #env: ReadonlyMap<string, string>;
  #at = 0;
  #depth = 0;
  #budget = COSTLIEST;
  newer = false;

  constructor(text: string, env: ReadonlyMap<string, string>) {
    this.#characters = Array.from(text);
    this.#env = env;
  }

  /** Up to `stop` (consumed, not returned), or to the end when there is none. */
  word(stop: string | undefined, keepEscapes = false): string {
    let out = '';
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === stop) {
        this.#at++;
        return out;
      }
      if (next === '$') out += this.#dollar();
      else if (next === "'") out += this.#singleQuoted();
      else if (next === '"') out += this.#doubleQuoted(keepEscapes);
      else if (next === '\\') out += this.#escape(keepEscapes);
      else out += this.#take();
    }
    if (stop !== undefined) throw new BadSubstitution(`missing ${stop}`);
    return out;
  }

  #spend(steps: number): void {
    this.#budget -= steps;
    if (this.#budget < 0) throw new BadSubstitution('too costly');
  }

  #valueOf(name: string): string | undefined {
    const value = this.#env.get(name);
    if (value !== undefined) this.#spend(value.length);
    return value;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string | undefined {
    return this.#characters[this.#at++];
  }

  #escape(keep: boolean): string {
    this.#at++;
    return (keep ? '\\' : '') + (this.#take() ?? '');
  }

  #singleQuoted(): string {
    const end = this.#characters.indexOf("'", this.#at + 1);
    if (end < 0) throw new BadSubstitution('missing single quote');
    const text = this.#characters.slice(this.#at, end + 1).join('');
    this.#at = end + 1;
    return text;
  }

  #doubleQuoted(keepEscapes: boolean): string {
    let out = this.#take() ?? '';
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === '$') {
        out += this.#dollar();
        continue;
      }
      this.#at++;
      if (next === '"') return out + next;
      if (next !== '\\') {
        out += next;
        continue;
      }
      if (keepEscapes) out += next;
      const escaped = this.#peek();
      if (escaped === undefined) break;
      if (escaped === '"' || escaped === '$' || escaped === '\\') out += this.#take();
      else out += next;
    }
    throw new BadSubstitution('missing double quote');
  }

  #name(): string {
    const first = this.#peek();
    if (first === undefined) return '';
    const start = this.#at;
    if (DIGIT.test(first)) while (DIGIT.test(this.#peek() ?? '')) this.#at++;
    else if (SPECIAL.has(first)) this.#at++;
    else if (NAME_START.test(first)) while (NAME_PART.test(this.#peek() ?? '')) this.#at++;
    return this.#characters.slice(start, this.#at).join('');
  }

  #dollar(): string {
    this.#at++;
    if (this.#peek() !== '{') {
      const name = this.#name();
      return this.#valueOf(name) ?? `$${name}`;
    }
    this.#at++;
    const first = this.#peek();
    if (first === undefined || first === '{' || first === '}' || first === ':') {
      throw new BadSubstitution('bad substitution');
    }
    const name = this.#name();
    const operator = this.#take();
    if (operator === '}') return this.#valueOf(name) ?? `\${${name}}`;
    if (++this.#depth > DEEPEST) throw new BadSubstitution('too deep');
    const text = operator === '/' ? this.#replacement(name) : this.#modified(name, operator);
    this.#depth--;
    return text;
  }

  /** `${name:-word}` and its relatives. */
  #modified(name: string, first: string | undefined): string {
    const orEmpty = first === ':';
    const operator = orEmpty ? this.#take() : first;
    if (operator === undefined || !'+-?#%'.includes(operator)) throw new BadSubstitution('unknown modifier');
    const pattern = operator === '#' || operator === '%';
    if (orEmpty && pattern) throw new BadSubstitution('unknown modifier');
    // 0.8 knows all of these only behind a colon, and ? without one.
    if (!orEmpty && operator !== '?') this.newer = true;
    const word = this.word('}', pattern);
    const value = this.#valueOf(name);
    if (value === undefined) return `\${${name}${orEmpty ? ':' : ''}${operator}${word}}`;
    if (pattern) return this.#cut(value, operator, word);
    const missing = orEmpty && value === '';
    if (operator === '-') return missing ? word : value;
    if (operator === '+') return missing ? '' : word;
    if (missing) throw new BadSubstitution('empty');
    return value;
  }

  #cut(value: string, operator: string, word: string): string {
    const greedy = word.startsWith(operator);
    const glob = parseGlob(greedy ? word.slice(1) : word);
    if (glob === undefined) throw new BadSubstitution('invalid pattern');
    this.#spend(value.length * glob.length);
    return operator === '#' ? cutPrefix(value, glob, greedy) : cutSuffix(value, glob, greedy);
  }

  /** `${name/pattern/text}` and `${name//pattern/text}`. */
  #replacement(name: string): string {
    this.newer = true;
    const all = this.#peek() === '/';
    if (all) this.#at++;
    const pattern = this.word('/', true);
    const replacement = this.word('}', true);
    const value = this.#valueOf(name);
    if (value === undefined) return `\${${name}/${pattern}/${replacement}}`;
    const glob = parseGlob(pattern);
    if (glob === undefined) throw new BadSubstitution('invalid pattern');
    this.#spend(value.length * value.length * glob.length + value.length * replacement.length);
    return replaceGlob(value, glob, replacement, all);
  }
}

/**
 * `text` with the variables of `env` expanded; undefined when BuildKit would refuse to expand it (unbalanced
 * quotes, an unknown modifier) and shows it as written.
 */
export function expandVariables(text: string, env: ReadonlyMap<string, string>): Expansion | undefined {
  if (text.length > LONGEST) return undefined;
  const scanner = new Scanner(text, env);
  try {
    return { text: scanner.word(undefined), newer: scanner.newer };
  } catch (error) {
    if (error instanceof BadSubstitution) return undefined;
    throw error;
  }
}

/** `NAME=value` entries as a map; of a name given twice the last one counts. */
export function environment(entries: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    if (equals > 0) map.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return map;
}
