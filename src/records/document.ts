/** What `netmeter import` says of one file. */
import { hasGrown } from '../builds/blob-progress.js';
import type { Build, Step } from '../builds/types.js';
import type { Imported } from './import.js';
import type { ProxySums } from './proxy/sums.js';
import type { BuildRecords, RecordedBuild, RecordKind } from './types.js';

export interface ImportFileDocument {
  file: string;
  kind: RecordKind;
  /** How many are in it. */
  builds: number;
  requests: number;
  /** Lines, messages or fields that were passed over. */
  skipped: number;
  /** What could not be known, one sentence each. */
  unknown: string[];
  /** What was added to the store; null where nothing was to be stored. */
  imported: Imported | null;
  buildsFound: BuildFoundDocument[];
  /** Of a proxy's log or counters. */
  proxy: ProxySums | null;
}

export interface BuildFoundDocument {
  ref: string;
  name: string;
  status: string | null;
  startedAt: string | null;
  steps: number;
  runSteps: number;
  /** As BuildKit marked them. */
  cachedSteps: number;
  failedSteps: number;
  canceledSteps: number;
  platforms: string[];
  logBytes: number;
  contextBytes: number;
  warnings: number;
  /** Blobs of images that BuildKit spoke of, and their compressed bytes, whether they were fetched or there. */
  blobs: number;
  blobBytes: number;
  /** Compressed bytes that it said it fetched; not bytes on the wire. Null where the record has none. */
  pulledBytes: number | null;
  /** The steps that fetched images. */
  pulls: { name: string; blobs: number; blobBytes: number; pulledBytes: number }[];
}

export function buildRecordsDocument(file: string, records: BuildRecords): ImportFileDocument {
  return {
    file,
    kind: records.kind,
    builds: records.builds.length,
    requests: 0,
    skipped: records.skipped,
    unknown: records.unknown,
    imported: null,
    buildsFound: records.builds.map(foundDocument),
    proxy: null,
  };
}

function foundDocument({
  build,
  cachedSteps,
  logBytes,
  contextBytes,
  warnings,
}: RecordedBuild): BuildFoundDocument {
  const count = (is: (step: Step) => boolean) => build.steps.filter(is).length;
  const blobs = build.steps.flatMap((step) => step.blobs);
  return {
    ref: build.ref,
    name: build.name,
    status: build.imported?.ended === false ? null : build.status,
    startedAt: build.imported?.dated === false ? null : new Date(build.startedAt).toISOString(),
    steps: build.steps.length,
    runSteps: count(({ kind }) => kind === 'run'),
    cachedSteps,
    failedSteps: count(({ status }) => status === 'failed'),
    canceledSteps: count(({ status }) => status === 'canceled'),
    platforms: [...new Set([...build.platforms, ...build.steps.flatMap(({ platform }) => platform ?? [])])],
    logBytes,
    contextBytes,
    warnings,
    blobs: blobs.length,
    blobBytes: sum(blobs.map(({ total }) => total ?? 0)),
    pulledBytes: blobs.length === 0 ? null : sum(blobs.map(grown)),
    pulls: pulls(build),
  };
}

function pulls({ steps }: Build): BuildFoundDocument['pulls'] {
  return steps
    .filter(({ kind, blobs }) => kind === 'from' && blobs.length > 0)
    .map(({ name, blobs }) => ({
      name,
      blobs: blobs.length,
      blobBytes: sum(blobs.map(({ total }) => total ?? 0)),
      pulledBytes: sum(blobs.map(grown)),
    }));
}

function grown(blob: Step['blobs'][number]): number {
  return hasGrown(blob) ? blob.samples.at(-1)!.current - blob.samples[0]!.current : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
