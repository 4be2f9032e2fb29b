import { readFile, stat } from 'node:fs/promises';
import { readDefinitions, type StepDefinition } from '../../../src/builds/join-definitions.js';
import { readBolt } from '../../engine-files/bolt-file.js';
import type { EngineFiles } from '../../engine-files/engine-files.js';

/** Where BuildKit keeps its history: with the engine's graph drivers, and with containerd's image store. */
const HISTORIES = ['history.db', 'history_c8d.db'];
const DIGEST = /sha256:([0-9a-f]{64})/g;
/** Provenance of 500 steps has about 1 MB. */
const LARGEST = 32 << 20;

/**
 * The definitions of a build's vertices, from its provenance: BuildKit makes one of every build that succeeds and
 * keeps it with the history (Engine 24 and later), whether or not the image gets one. Empty when there is none (yet).
 */
export async function readBuildDefinitions(
  files: EngineFiles,
  buildRef: string,
): Promise<Map<string, StepDefinition>> {
  const definitions = new Map<string, StepDefinition>();
  for (const digest of blobsOf(files, buildRef)) {
    const text = await readBlob(files, digest);
    // Of all blobs that the record names (status, trace, result, provenance), one per platform has definitions.
    if (!text?.includes('"llbDefinition"')) continue;
    for (const [vertex, definition] of readDefinitions(parse(text))) definitions.set(vertex, definition);
  }
  return definitions;
}

/** Digests in a build's record, a protobuf message (BuildHistoryRecord in api/services/control of moby/buildkit). */
function blobsOf(files: EngineFiles, buildRef: string): Set<string> {
  const records = HISTORIES.map((history) =>
    readBolt(files.path(files.buildkit(history)), (root) =>
      root.bucket('_records')?.value(buildRef)?.toString('latin1'),
    ),
  );
  return new Set(
    records.flatMap((record) => [...(record ?? '').matchAll(DIGEST)].map(([, digest]) => digest!)),
  );
}

async function readBlob(files: EngineFiles, digest: string): Promise<string | undefined> {
  const stores = [
    files.buildkit('content'),
    // Of a containerd that the engine started, and of the system's.
    files.data('containerd/daemon/io.containerd.content.v1.content'),
    '/var/lib/containerd/io.containerd.content.v1.content',
  ];
  for (const folder of stores) {
    const text = await readBounded(files.path(`${folder}/blobs/sha256/${digest}`));
    if (text !== undefined) return text;
  }
  return undefined;
}

async function readBounded(path: string): Promise<string | undefined> {
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
