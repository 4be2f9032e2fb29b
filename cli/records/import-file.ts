/** One file of records: recognised, read, and handed on part by part, so that memory stays flat. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { NetmeterError } from '../../src/errors.js';
import { readDockerBuild } from '../../src/records/archive/dockerbuild.js';
import { buildRecordsDocument, type ImportFileDocument } from '../../src/records/document.js';
import type { ImportAnswer, ImportPart } from '../../src/records/import.js';
import { readPlain } from '../../src/records/progress/plain.js';
import { readRawJson } from '../../src/records/progress/rawjson.js';
import type { BuildRecords } from '../../src/records/types.js';
import type { Interval } from '../../src/units.js';
import { namingFile, UnpackedInput } from '../input/unpacked-input.js';
import type { ImportOptions } from './import-options.js';
import { importMetrics, importProxyLog } from './import-proxy-log.js';
import { type Recognised, recognise } from './record-kind.js';

/** So much is looked at to tell what a file is. */
const START_BYTES = 65_536;
const LONGEST_BUILD_RECORD = 128 * 1024 * 1024;
/** Builds of one request to the daemon. */
const BUILDS_AT_ONCE = 1;

/** Rejects with NetmeterErrors whose messages name the file. */
export async function importFile(file: string, options: ImportOptions): Promise<ImportFileDocument> {
  const input = new UnpackedInput(file, options.signal);
  try {
    const chunks = input.chunks();
    const { start, isWhole } = await beginning(chunks);
    const recognised = recognise(start, isWhole, options.format);
    const all = from(start, chunks);
    const document =
      recognised.as === 'proxy-log'
        ? await importProxyLog(file, recognised.format, all, options)
        : await importWhole(file, recognised.as, await whole(all), options);
    if (input.damage !== undefined) document.unknown.push(`what came after damage: ${input.damage}`);
    return document;
  } catch (error) {
    throw namingFile(file, error);
  }
}

async function importWhole(
  file: string,
  as: Exclude<Recognised['as'], 'proxy-log'>,
  bytes: Buffer,
  options: ImportOptions,
): Promise<ImportFileDocument> {
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (as === 'metrics') return await importMetrics(file, bytes.toString('utf8'), digest, options);
  const ref = `rec-${digest.slice(0, 20)}`;
  const records = await readRecords(as, bytes, ref, file, options.now);
  const document = buildRecordsDocument(file, records);
  if (options.send !== undefined) await store(records, document, digest, options.send);
  return document;
}

async function readRecords(
  as: 'dockerbuild' | 'rawjson' | 'plain',
  bytes: Buffer,
  ref: string,
  file: string,
  now: number,
): Promise<BuildRecords> {
  if (as === 'dockerbuild') return readDockerBuild(bytes);
  if (as === 'rawjson') return readRawJson(bytes.toString('utf8'), ref);
  return readPlain(bytes.toString('utf8'), ref, file === '-' ? now : (await stat(file)).mtimeMs);
}

async function store(
  records: BuildRecords,
  document: ImportFileDocument,
  digest: string,
  send: (part: ImportPart) => Promise<ImportAnswer>,
): Promise<void> {
  const { kind } = records;
  const builds = records.builds.map(({ build }) => build);
  const part = { kind, file: document.file.slice(0, 4_096), ...periodOf(records) };
  let added = 0;
  for (let at = 0; at < builds.length; at += BUILDS_AT_ONCE) {
    added += (await send({ ...part, builds: builds.slice(at, at + BUILDS_AT_ONCE) })).builds;
  }
  const { known } = await send({ ...part, digest, document: JSON.stringify(document).slice(0, 4_000_000) });
  document.imported = { known, builds: added, requests: 0 };
}

function periodOf({ builds }: BuildRecords): { period?: Interval } {
  const dated = builds.map(({ build }) => build).filter(({ imported }) => imported?.dated);
  if (dated.length === 0) return {};
  const from = Math.min(...dated.map(({ startedAt }) => startedAt));
  return { period: { from, to: Math.max(from, ...dated.map(({ completedAt }) => completedAt ?? from)) } };
}

async function beginning(chunks: AsyncGenerator<Uint8Array>): Promise<{ start: Buffer; isWhole: boolean }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length < START_BYTES) {
    const next = await chunks.next();
    if (next.done) return { start: Buffer.concat(parts), isWhole: true };
    parts.push(next.value);
    length += next.value.length;
  }
  return { start: Buffer.concat(parts), isWhole: false };
}

async function* from(start: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start;
  yield* rest;
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > LONGEST_BUILD_RECORD) {
      throw new NetmeterError(
        'unreadable-input',
        `a build record of more than ${LONGEST_BUILD_RECORD} bytes is not read`,
        {
          hint: 'Split a log of many builds into files.',
        },
      );
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
