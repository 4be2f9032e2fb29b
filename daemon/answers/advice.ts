import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { adviseOn } from '../../src/advice/advise.js';
import { adviceDocument } from '../../src/advice/document.js';
import { buildsOf, dockerfilePath, historyOf } from '../../src/advice/history.js';
import type { Build } from '../../src/builds/types.js';
import { MOST_BYTES, readDockerfile } from '../../src/dockerfile/read.js';
import type { Dockerfile } from '../../src/dockerfile/types.js';
import type { AdviceDocument } from '../../src/protocol/documents.js';
import type { BuildUsage } from '../../src/report/builds.js';

/** Of the builds that are newest. */
const MOST_FILES = 50;
/** In a report; `netmeter advise` says everything about one file. */
const MOST_ADVICE = 12;

interface Found {
  path: string;
  file: Dockerfile;
}

/** What would save most in the Dockerfiles of these builds, newest first, as they are now. */
export async function adviceOnBuilds(builds: readonly Build[], usage: BuildUsage): Promise<AdviceDocument[]> {
  const paths = new Set(builds.flatMap((build) => dockerfilePath(build) ?? []));
  const found: Found[] = [];
  for (const path of [...paths].slice(0, MOST_FILES)) {
    const file = parsed(await readSmallFile(path), path);
    if (file !== undefined) found.push({ path, file });
  }
  return onceEach(found, builds)
    .flatMap(({ path, file, own }) =>
      adviseOn(file, historyOf(own, usage)).map((each) => adviceDocument(path, each)),
    )
    .toSorted((one, other) => (other.savesBytes ?? -1) - (one.savesBytes ?? -1))
    .slice(0, MOST_ADVICE);
}

/** Each build under one file, its own if that is there: two clones of a project do not save its bytes twice. */
function onceEach(found: readonly Found[], builds: readonly Build[]): (Found & { own: Build[] })[] {
  const there = new Set(found.map(({ path }) => path));
  const taken = new Set<Build>();
  return found.map(({ path, file }) => {
    const open = builds.filter((build) => {
      const named = dockerfilePath(build);
      return !taken.has(build) && (named === path || named === undefined || !there.has(named));
    });
    const own = buildsOf(file, path, open);
    for (const build of own) taken.add(build);
    return { path, file, own };
  });
}

/** Undefined for what is no Dockerfile (any more). */
function parsed(text: string | undefined, path: string): Dockerfile | undefined {
  try {
    return text === undefined ? undefined : readDockerfile(text, path);
  } catch {
    return undefined;
  }
}

/** Where it lies is what a user said: no pipe is waited for. Undefined when it cannot be read. */
async function readSmallFile(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = await file.stat();
    if (!facts.isFile() || facts.size > MOST_BYTES) return undefined;
    return await file.readFile('utf8');
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}
