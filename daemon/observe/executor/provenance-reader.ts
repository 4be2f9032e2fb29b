import { readFile, stat } from 'node:fs/promises';
import { readDefinitions, type StepDefinition } from '../../../src/builds/join-definitions.js';
import { readBolt } from './bolt-file.js';
import type { EngineFiles } from './engine-files.js';

/** Where BuildKit keeps its history, below DockerRootDir. */
const HISTORY = 'buildkit/history.db';
const BLOBS = 'buildkit/content/blobs/sha256';
const DIGEST = /sha256:([0-9a-f]{64})/g;
/** Provenance of 500 steps has about 1 MB. */
const LARGEST = 32 << 20;

/**
 * The definitions of a build's vertices, from its provenance: BuildKit makes one of every build that succeeds and
 * keeps it with the history (Engine 24 and later), whether or not the image gets one. Empty when there is none (yet).
 * With containerd's image store the blobs are in containerd's content store, and this finds none.
 */
export async function readBuildDefinitions(
  files: EngineFiles,
  buildRef: string,
): Promise<Map<string, StepDefinition>> {
  const record = readBolt(files.path(files.data(HISTORY)), (root) =>
    root.bucket('_records')?.value(buildRef)?.toString('latin1'),
  );
  // Of all blobs that the record names (status, trace, result, provenance), one has definitions.
  for (const [, digest] of new Set(record?.matchAll(DIGEST))) {
    const text = await readBlob(files.path(files.data(`${BLOBS}/${digest}`)));
    if (!text?.includes('"llbDefinition"')) continue;
    const definitions = readDefinitions(parse(text));
    if (definitions.size > 0) return definitions;
  }
  return new Map();
}

async function readBlob(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    return size > LARGEST ? undefined : await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
