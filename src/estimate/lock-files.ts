/** Packages that lock files pin: what an installing step needs, told from files before it runs. */
import { managers } from '../advice/managers.js';

interface LockFormat {
  file: RegExp;
  /** Names of those that install by it. */
  managers: readonly string[];
  /** `name version`, with repeats; undefined for a file that does not pin all that it names. */
  packages(text: string): string[] | undefined;
}

/** Of one file. */
export const MOST_PACKAGES = 5_000;
const LONGEST_NAME = 200;

const FORMATS: readonly LockFormat[] = [
  { file: /^poetry\.lock$/, managers: ['poetry'], packages: tomlPackages },
  { file: /^uv\.lock$/, managers: ['uv'], packages: tomlPackages },
  { file: /^Cargo\.lock$/, managers: ['cargo'], packages: tomlPackages },
  { file: /^requirements[\w.-]*\.txt$/, managers: ['pip', 'uv'], packages: pinnedRequirements },
  { file: /^(?:package-lock|npm-shrinkwrap)\.json$/, managers: ['npm'], packages: npmPackages },
  {
    file: /^yarn\.lock$/,
    managers: ['yarn'],
    packages: pairs(/^"?((?:@[^@/"\s]+\/)?[^@"\s,]+)@[^\n]*:\n {2}version:? "?([^"\n]+)"?$/gm),
  },
  {
    file: /^pnpm-lock\.yaml$/,
    managers: ['pnpm'],
    packages: pairs(/^ {2}'?\/?((?:@[^@/\s]+\/)?[^@/\s']+)[@/](\d[^\s'():]*)[^\n]*:$/gm),
  },
  { file: /^go\.sum$/, managers: ['go'], packages: pairs(/^(\S+) (v[^\s/]+) h1:/gm) },
  { file: /^Gemfile\.lock$/, managers: ['gem'], packages: pairs(/^ {4}(\S+) \(([^)\n]+)\)$/gm) },
  { file: /^composer\.lock$/, managers: ['composer'], packages: composerPackages },
];

export function isLockFile(path: string): boolean {
  return formatOf(path) !== undefined;
}

/** Whether a command may install what this file pins. */
export function installsBy(command: string, path: string): boolean {
  const format = formatOf(path);
  return managers.some(({ name, command: calls }) => format?.managers.includes(name) && calls.test(command));
}

/** `name version` of each package, once; undefined for what is no such file, or too much. */
export function lockedPackages(path: string, text: string): string[] | undefined {
  const found = new Set(formatOf(path)?.packages(text));
  const isSane = [...found].every((each) => each.length <= LONGEST_NAME);
  return found.size > 0 && found.size <= MOST_PACKAGES && isSane ? [...found] : undefined;
}

function formatOf(path: string): LockFormat | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return FORMATS.find(({ file }) => file.test(name));
}

function pairs(pattern: RegExp): LockFormat['packages'] {
  return (text) => [...text.matchAll(pattern)].map(([, name, version]) => `${name} ${version}`);
}

function tomlPackages(text: string): string[] {
  return text.split(/^\[\[package\]\]\s*$/m).flatMap((part) => {
    const name = /^name\s*=\s*"([^"\n]+)"/m.exec(part)?.[1];
    const version = /^version\s*=\s*"([^"\n]+)"/m.exec(part)?.[1];
    return name === undefined || version === undefined ? [] : [`${name} ${version}`];
  });
}

function pinnedRequirements(text: string): string[] | undefined {
  const lines = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '' && !/^--?(?:i|index-url|extra-index-url|hash|require-hashes)\b/.test(line));
  const found = lines.map((line) => /^([\w.-]+)(?:\[[^\]]*\])?\s*==\s*([^\s;*]+)(?:[\s;]|$)/.exec(line));
  if (found.includes(null)) return undefined;
  return found.map((match) => `${match?.[1]} ${match?.[2]}`);
}

interface JsonPackage {
  name?: unknown;
  version?: unknown;
  link?: unknown;
  dependencies?: Record<string, JsonPackage>;
}

function npmPackages(text: string): string[] | undefined {
  const lock = parseObject(text);
  if (typeof lock?.packages === 'object' && lock.packages !== null) {
    return Object.entries(lock.packages as Record<string, JsonPackage>).flatMap(([key, each]) => {
      const place = key.lastIndexOf('node_modules/');
      if (place < 0 || each?.link === true || typeof each?.version !== 'string') return [];
      return [`${typeof each.name === 'string' ? each.name : key.slice(place + 13)} ${each.version}`];
    });
  }
  return lock === undefined ? undefined : nested(lock as JsonPackage);
}

/** Of the first version of the format. Deeper than any that npm writes is not looked at. */
function nested({ dependencies }: JsonPackage, depth = 0): string[] {
  if (typeof dependencies !== 'object' || dependencies === null || depth > 50) return [];
  return Object.entries(dependencies).flatMap(([name, each]) => [
    ...(typeof each?.version === 'string' ? [`${name} ${each.version}`] : []),
    ...nested(each ?? {}, depth + 1),
  ]);
}

function composerPackages(text: string): string[] | undefined {
  const lock = parseObject(text);
  return ['packages', 'packages-dev'].flatMap((key) => {
    const list = lock?.[key];
    const each: JsonPackage[] = Array.isArray(list) ? list : [];
    return each.flatMap((one) =>
      typeof one?.name === 'string' && typeof one.version === 'string' ? [`${one.name} ${one.version}`] : [],
    );
  });
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
