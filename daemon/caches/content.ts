import type { Dirent } from 'node:fs';
import { lstat, opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes, Milliseconds } from '../../src/units.js';

/** Names looked at to recognise a package manager, one level below the top included. */
const MOST_NAMES = 512;
const MOST_PER_FOLDER = 64;
/** A cache of a million files takes some ten seconds. */
const PATIENCE: Milliseconds = 15_000;
const AT_ONCE = 64;

/** Names in a directory and one level below; few of them tell what it is of. Empty when it cannot be read. */
export async function namesIn(directory: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await entriesOf(directory)) {
    names.push(entry.name);
    if (!entry.isDirectory()) continue;
    for (const below of await entriesOf(join(directory, entry.name))) {
      names.push(`${entry.name}/${below.name}`);
      if (names.length >= MOST_NAMES) return names;
    }
  }
  return names;
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  try {
    const opened = await opendir(directory);
    for await (const entry of opened) {
      entries.push(entry);
      if (entries.length >= MOST_PER_FOLDER) break;
    }
  } catch {
    // Gone, or not ours to read.
  }
  return entries;
}

/**
 * Lengths of all files in a directory, those with several names once: as the engine counts with its graph drivers.
 * Undefined when it cannot be read, takes longer than the patience, or vanishes meanwhile.
 */
export async function measure(directory: string, patience = PATIENCE): Promise<Bytes | undefined> {
  const deadline = performance.now() + patience;
  const seen = new Set<string>();
  let bytes = 0;
  const add = async (path: string): Promise<void> => {
    const { nlink, dev, ino, size } = await lstat(path);
    const key = `${dev}:${ino}`;
    if (nlink > 1 && seen.has(key)) return;
    if (nlink > 1) seen.add(key);
    bytes += size;
  };
  const waiting = [directory];
  try {
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      if (performance.now() > deadline) return undefined;
      const within = folder;
      const entries = await readdir(within, { withFileTypes: true });
      const files = entries.filter((entry) => !entry.isDirectory());
      for (let at = 0; at < files.length; at += AT_ONCE) {
        await Promise.all(files.slice(at, at + AT_ONCE).map((entry) => add(join(within, entry.name))));
      }
      for (const entry of entries) if (entry.isDirectory()) waiting.push(join(folder, entry.name));
    }
    return bytes;
  } catch {
    return undefined;
  }
}
