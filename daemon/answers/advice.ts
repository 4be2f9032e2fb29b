import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { adviseOn } from '../../src/advice/advise.js';
import { adviceDocument } from '../../src/advice/document.js';
import { dockerfilePath, historyOf } from '../../src/advice/history.js';
import type { Build } from '../../src/builds/types.js';
import { MOST_BYTES, readDockerfile } from '../../src/dockerfile/read.js';
import type { AdviceDocument } from '../../src/protocol/documents.js';
import type { BuildUsage } from '../../src/report/builds.js';

/** Of the builds that are newest. */
const MOST_FILES = 50;
/** In a report; `netmeter advise` says everything about one file. */
const MOST_ADVICE = 12;

/** What would save most in the Dockerfiles of these builds, newest first, as they are now. */
export async function adviceOnBuilds(builds: readonly Build[], usage: BuildUsage): Promise<AdviceDocument[]> {
  const paths = new Set(builds.flatMap((build) => dockerfilePath(build) ?? []));
  const found: AdviceDocument[] = [];
  for (const path of [...paths].slice(0, MOST_FILES)) {
    const text = await readSmallFile(path);
    if (text !== undefined) found.push(...adviceOn(text, path, builds, usage));
  }
  return found
    .toSorted((one, other) => (other.savesBytes ?? -1) - (one.savesBytes ?? -1))
    .slice(0, MOST_ADVICE);
}

/** None for what is no Dockerfile (any more). */
function adviceOn(text: string, path: string, builds: readonly Build[], usage: BuildUsage): AdviceDocument[] {
  try {
    const file = readDockerfile(text, path);
    return adviseOn(file, historyOf(file, path, builds, usage)).map((each) => adviceDocument(path, each));
  } catch {
    return [];
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
