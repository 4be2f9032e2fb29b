/** The build context as far as a Dockerfile's steps take from it: what each would copy, by content. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isLockFile, lockedPackages } from '../../src/estimate/lock-files.js';
import type { StepInput } from '../../src/estimate/types.js';
import { globMatcher, type Ignore, parseIgnore } from './ignore.js';

const MOST_FILES = 100_000;
/** Contents beyond that are known by size and time of change alone, as rsync and BuildKit do. */
const MOST_HASHED_BYTES = 2e9;
/** File names that are told by name when they change. */
const MOST_NAMED = 2000;
/** Lock files beyond that are not looked into. */
const MOST_LOCK_BYTES = 20_000_000;
const MOST_LOCK_FILES = 20;

interface Entry {
  path: string;
  facts: Stats;
}

/** Reads a context once, whatever number of steps takes from it. */
export class Context {
  readonly #root: string;
  readonly #ignore: Ignore;
  #entries: Promise<Entry[]> | undefined;
  readonly #contents = new Map<string, Promise<string>>();
  #hashedBytes = 0;

  constructor(root: string, ignore: Ignore) {
    this.#root = root;
    this.#ignore = ignore;
  }

  /** What a step takes; undefined when there is too much to look at. */
  async input(sources: readonly string[]): Promise<StepInput | undefined> {
    this.#entries ??= listEntries(this.#root, this.#ignore);
    const entries = await this.#entries;
    if (entries.length > MOST_FILES) return undefined;
    const wanted = sources.map(sourceMatcher);
    const taken = entries.filter((entry) => wanted.some((matches) => matches(entry.path)));
    const hash = createHash('sha256');
    const files: Record<string, string> = {};
    let newest: Entry | undefined;
    for (const entry of taken) {
      const content = await this.#content(entry);
      hash.update(JSON.stringify([entry.path, entry.facts.mode, content]));
      if (!entry.facts.isDirectory()) files[entry.path] = content.slice(0, 16);
      if (newest === undefined || changedAt(entry) > changedAt(newest)) newest = entry;
    }
    return {
      digest: hash.digest('hex').slice(0, 32),
      files: Object.keys(files).length > MOST_NAMED ? undefined : files,
      newestAt: newest && changedAt(newest),
      newest: newest && (newest.path || '.'),
      packages: await this.#packages(taken),
    };
  }

  /** Of the lock files among these; undefined when there are none that can be read. */
  async #packages(taken: readonly Entry[]): Promise<StepInput['packages']> {
    const locks = taken.filter(
      ({ path, facts }) => facts.isFile() && isLockFile(path) && facts.size <= MOST_LOCK_BYTES,
    );
    const found: Record<string, string[]> = {};
    for (const { path } of locks.slice(0, MOST_LOCK_FILES)) {
      const text = await readFile(join(this.#root, path), 'utf8').catch(() => '');
      const packages = lockedPackages(path, text);
      if (packages !== undefined) found[path] = packages;
    }
    return Object.keys(found).length === 0 ? undefined : found;
  }

  #content(entry: Entry): Promise<string> {
    const known = this.#contents.get(entry.path);
    if (known !== undefined) return known;
    const content = this.#hashed(entry);
    this.#contents.set(entry.path, content);
    return content;
  }

  async #hashed({ path, facts }: Entry): Promise<string> {
    const file = join(this.#root, path);
    const hash = createHash('sha256');
    if (facts.isSymbolicLink()) return hash.update(`link ${await readlink(file)}`).digest('hex');
    if (!facts.isFile()) return facts.isDirectory() ? 'folder' : 'special';
    this.#hashedBytes += facts.size;
    if (this.#hashedBytes > MOST_HASHED_BYTES) {
      return hash.update(`${facts.size} ${facts.mtimeMs}`).digest('hex');
    }
    return await hashFile(file, hash);
  }
}

/** The ignore file of a Dockerfile, else of the context: `Dockerfile.dockerignore`, `.dockerignore`. */
export async function readIgnore(dockerfile: string | undefined, root: string): Promise<Ignore> {
  const places = [
    ...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]),
    join(root, '.dockerignore'),
  ];
  for (const place of places) {
    const text = await readFile(place, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseIgnore(text);
  }
  return () => false;
}

async function hashFile(file: string, hash: Hash): Promise<string> {
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch {
    // docker build would fail on it; which other one it is does not matter.
    return 'unreadable';
  }
}

/** Times of contents and of names: a file that was moved here keeps the former. */
function changedAt({ facts }: Entry): number {
  return Math.ceil(facts.isDirectory() ? facts.mtimeMs : Math.max(facts.mtimeMs, facts.ctimeMs));
}

/** In order of their names, the folder itself first. */
async function listEntries(root: string, ignore: Ignore): Promise<Entry[]> {
  const entries: Entry[] = [{ path: '', facts: await lstat(root) }];
  const open = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const names = await readdir(join(root, folder)).catch(() => []);
    for (const name of names) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const facts = await lstat(join(root, path)).catch(() => undefined);
      if (facts === undefined) continue;
      // What is in an ignored folder may be let in again by a later pattern.
      if (facts.isDirectory()) open.push(path);
      if (!ignore(path)) entries.push({ path, facts });
      if (entries.length > MOST_FILES) return entries;
    }
  }
  return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A source and everything below it. */
function sourceMatcher(source: string): (path: string) => boolean {
  const clean = source.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
  if (clean === '' || clean === '.') return () => true;
  const depth = clean.split('/').length;
  const matches = globMatcher(clean);
  return (path) => matches(path.split('/').slice(0, depth).join('/'));
}
