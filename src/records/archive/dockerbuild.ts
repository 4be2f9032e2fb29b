/** `.dockerbuild` archives of `docker buildx history export` and Docker Desktop: an OCI layout with history records. */
import type { BuildRecord, LocalState } from '../../builds/facts.js';
import { buildFacts } from '../../builds/facts.js';
import { NetmeterError } from '../../errors.js';
import { parseTime, timestampOf } from '../progress/build-time.js';
import { buildOfStatus } from '../progress/status-build.js';
import type { BuildRecords } from '../types.js';
import { readStatusLog } from './status-log.js';
import { tarFiles } from './tar.js';

const RECORD = 'application/vnd.buildkit.historyrecord.v0';
const STATUS = 'application/vnd.buildkit.status.v0';
/** An index may lead to others; nothing real is deeper. */
const DEEPEST = 4;
/** google.rpc.Code */
const UNKNOWN = 2;
const MOST_BUILDS = 1_000;

type Json = Readonly<Record<string, unknown>>;
type Files = ReadonlyMap<string, Uint8Array>;

/** @throws NetmeterError `unreadable-input` for a tar archive that is no OCI layout */
export function readDockerBuild(archive: Uint8Array): BuildRecords {
  const files = tarFiles(archive);
  const index = jsonOf(files.get('index.json'));
  if (index === undefined) {
    throw new NetmeterError('unreadable-input', 'the archive has no index.json: it is no build record', {
      hint: 'Build records are made by `docker buildx history export -o FILE REF`.',
    });
  }
  const records: BuildRecords = { kind: 'dockerbuild', builds: [], skipped: 0, unknown: [] };
  let truncated = false;
  for (const manifest of manifestsOf(index, files, DEEPEST)) {
    const record = blobJson(manifest.config, files);
    if (
      mediaType(manifest.config) !== RECORD ||
      record === undefined ||
      records.builds.length >= MOST_BUILDS
    ) {
      records.skipped += 1;
      continue;
    }
    const log = list(manifest.layers).find((layer) => mediaType(layer) === STATUS);
    const status = readStatusLog(blob(log, files) ?? new Uint8Array(0));
    truncated ||= status.truncated || log === undefined;
    const build = recordOf(record);
    const end = build.completedAt === undefined ? undefined : { at: build.completedAt, error: build.error };
    const facts = buildFacts(build, 'unknown', localState(record));
    records.builds.push(buildOfStatus(status.messages, facts, 'dockerbuild', end));
  }
  if (truncated) records.unknown.push('some steps: a log in the archive is missing or cut off');
  if (records.builds.length > 0) records.unknown.push('which engine ran it: the record does not say');
  return records;
}

function manifestsOf(index: Json, files: Files, depth: number): Json[] {
  if (depth === 0) return [];
  return list(index.manifests).flatMap((descriptor) => {
    const json = blobJson(descriptor, files);
    if (json === undefined) return [];
    return Array.isArray(json.manifests) ? manifestsOf(json, files, depth - 1) : [json];
  });
}

/** Go's field names; times are text, or seconds and nanoseconds. */
function recordOf(json: Json): BuildRecord {
  const error = object(json.error ?? json.Error);
  const names = list(json.Exporters).flatMap((exporter) => string(object(exporter.Attrs)?.name).split(','));
  return {
    ref:
      string(json.Ref)
        .replace(/[^A-Za-z0-9._-]/g, '')
        .slice(0, 128) || 'unnamed',
    frontendAttrs: strings(object(json.FrontendAttrs) ?? {}),
    images: [...new Set(names.filter((name) => name !== ''))],
    createdAt: timeOf(json.CreatedAt),
    completedAt: timeOf(json.CompletedAt),
    error: error === undefined ? undefined : { code: codeOf(error.code), message: string(error.message) },
  };
}

/** gRPC's number of an error; "unknown" for what is none. */
function codeOf(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) || UNKNOWN : UNKNOWN;
}

/** Where the client built, which buildx adds to what it exports. */
function localState(json: Json): LocalState | undefined {
  const state = object(json.localState);
  const localPath = string(state?.LocalPath);
  if (localPath === '') return undefined;
  return { localPath, dockerfilePath: string(state?.DockerfilePath) || undefined };
}

function timeOf(value: unknown): number | undefined {
  const parts = object(value);
  if (parts === undefined) return parseTime(value);
  return timestampOf(Number(parts.seconds), Number(parts.nanos ?? 0));
}

function blobJson(descriptor: unknown, files: Files): Json | undefined {
  return jsonOf(blob(descriptor, files));
}

function blob(descriptor: unknown, files: Files): Uint8Array | undefined {
  const digest = string(object(descriptor)?.digest);
  return files.get(`blobs/${digest.replace(':', '/')}`);
}

function mediaType(descriptor: unknown): string {
  return string(object(descriptor)?.mediaType);
}

function jsonOf(bytes: Uint8Array | undefined): Json | undefined {
  if (bytes === undefined) return undefined;
  try {
    return object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object).filter((one) => one !== undefined) : [];
}

function string(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 4_096) : '';
}

function strings(json: Json): Record<string, string> {
  return Object.fromEntries(
    Object.entries(json).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
