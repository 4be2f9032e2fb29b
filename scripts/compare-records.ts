/**
 * Holds netmeter against records whose truth is known:
 * `node --import tsx scripts/compare-records.ts DIRECTORY…`
 *
 * A DIRECTORY has records and a `truth.json` by file name: for rawjson `{vertices, run_steps, cached, log_bytes,
 * layer_blobs, layer_bytes, context_bytes, warnings, errors}`, for squid `{lines, bytes, by_code: {code: {n, bytes}}}`,
 * for apt-cacher-ng `{in_bytes, out_bytes}`. Files without truth are read, and what was found is printed. Ends with exit
 * code 1 when a file with truth cannot be read.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importFile } from '../cli/records/import-file.js';
import type { ImportFileDocument } from '../src/records/document.js';

interface Truth {
  vertices?: number;
  run_steps?: number;
  cached?: number;
  log_bytes?: number;
  layer_blobs?: number;
  layer_bytes?: number;
  context_bytes?: number;
  warnings?: number;
  errors?: string[];
  lines?: number;
  bytes?: number;
  by_code?: Record<string, { n: number; bytes: number }>;
  in_bytes?: number;
  out_bytes?: number;
}

const signal = new AbortController().signal;
const directories = process.argv.slice(2);
if (directories.length === 0) {
  console.error('usage: node --import tsx scripts/compare-records.ts DIRECTORY…');
  process.exit(2);
}
for (const directory of directories) await compareDirectory(directory);

async function compareDirectory(directory: string): Promise<void> {
  const truthFile = join(directory, 'truth.json');
  const truths: Record<string, Truth> = existsSync(truthFile)
    ? JSON.parse(readFileSync(truthFile, 'utf8'))
    : {};
  for (const file of readdirSync(directory).sort()) {
    if (!/\.(?:log|jsonl|rawjson|dockerbuild|gz)$/.test(file)) continue;
    const truth = truths[file];
    const options = {
      signal,
      now: 0,
      format: /nginx-combined/.test(file) ? 'combined' : undefined,
      send: undefined,
    };
    try {
      const document = await importFile(join(directory, file), options);
      const differences = truth === undefined ? [] : compare(document, truth);
      const verdict =
        truth === undefined ? '' : differences.length === 0 ? ', agrees' : `: ${differences.join('; ')}`;
      console.log(`${file}: ${found(document)}${verdict}`);
    } catch (error) {
      console.log(`${file}: refused: ${(error as Error).message}`);
      if (truth !== undefined) process.exitCode = 1;
    }
  }
}

function found({ kind, builds, requests, skipped, buildsFound }: ImportFileDocument): string {
  const ends = buildsFound.map((build) => `${build.steps} steps ${build.status ?? 'end unknown'}`);
  return [kind, ...(builds > 0 ? ends : [`${requests} requests`]), `${skipped} passed over`].join(', ');
}

function compare({ buildsFound, proxy, requests }: ImportFileDocument, truth: Truth): string[] {
  const [build] = buildsFound;
  const codes = Object.entries(truth.by_code ?? {}).flatMap(([code, { n, bytes }]) => {
    const seen = proxy?.byCode[code];
    return [...difference(code, seen?.requests, n), ...difference(`${code} bytes`, seen?.servedBytes, bytes)];
  });
  return [
    ...difference('vertices', build?.steps, truth.vertices),
    ...difference('run steps', build?.runSteps, truth.run_steps),
    ...difference('cached', build?.cachedSteps, truth.cached),
    ...difference('errors', build && build.failedSteps + build.canceledSteps, truth.errors?.length),
    ...difference('log bytes', build?.logBytes, truth.log_bytes),
    ...difference('blobs', build?.blobs, truth.layer_blobs),
    ...difference('blob bytes', build?.blobBytes, truth.layer_bytes),
    ...difference('context bytes', build?.contextBytes, truth.context_bytes),
    ...difference('warnings', build?.warnings, truth.warnings),
    ...difference('requests', requests, truth.by_code && truth.lines),
    ...difference('served', proxy?.servedBytes, truth.bytes ?? truth.out_bytes),
    ...difference('fetched', proxy?.fetchedBytes ?? undefined, truth.in_bytes),
    ...codes,
  ];
}

function difference(what: string, seen: number | undefined, truth: number | undefined): string[] {
  return truth === undefined || seen === truth ? [] : [`${what}: found ${seen}, truth ${truth}`];
}
