/** Logs and counters of proxies, line by line. */
import { createHash } from 'node:crypto';
import type { ImportFileDocument } from '../../src/records/document.js';
import { readDistributionMetrics } from '../../src/records/proxy/distribution-metrics.js';
import { ProxyLogReader } from '../../src/records/proxy/log-reader.js';
import { ProxySummary } from '../../src/records/proxy/sums.js';
import type { ProxyLogFormat } from '../../src/records/proxy/types.js';
import type { ProxyRequest } from '../../src/records/types.js';
import type { ImportOptions } from './import-options.js';

/** Requests of one request to the daemon. */
const AT_ONCE = 2_000;
/** A line without an end is cut into lines of this length. */
const LONGEST_LINE = 1_048_576;

export async function importProxyLog(
  file: string,
  format: ProxyLogFormat,
  chunks: AsyncIterable<Uint8Array>,
  { send }: ImportOptions,
): Promise<ImportFileDocument> {
  const reader = new ProxyLogReader(format);
  const summary = new ProxySummary();
  const hash = createHash('sha256');
  const part = { kind: format.kind, file: file.slice(0, 4_096) };
  let waiting: ProxyRequest[] = [];
  let added = 0;
  const take = (requests: readonly ProxyRequest[]) => {
    for (const request of requests) {
      summary.add(request);
      if (send !== undefined) waiting.push(request);
    }
  };
  const sendAll = async () => {
    for (let at = 0; send !== undefined && at < waiting.length; at += AT_ONCE) {
      added += (await send({ ...part, requests: waiting.slice(at, at + AT_ONCE) })).requests;
    }
    waiting = [];
  };
  // Whole chunks at once: to wait for each line alone would take as long as reading it.
  for await (const some of lines(chunks, (bytes) => hash.update(bytes))) {
    for (const line of some) take(reader.read(line));
    if (waiting.length >= AT_ONCE) await sendAll();
  }
  take(reader.end());
  await sendAll();
  const proxy = summary.sums();
  const document: ImportFileDocument = {
    file,
    kind: format.kind,
    builds: 0,
    requests: proxy.requests,
    skipped: reader.skipped,
    unknown: [...format.unknown],
    imported: null,
    buildsFound: [],
    proxy,
  };
  if (proxy.firstAt === null) document.unknown.push('when requests were made: the log has no times');
  if (send === undefined) return document;
  const period =
    proxy.firstAt === null || proxy.lastAt === null
      ? {}
      : { period: { from: Date.parse(proxy.firstAt), to: Date.parse(proxy.lastAt) } };
  const { known } = await send({
    ...part,
    ...period,
    digest: hash.digest('hex'),
    document: JSON.stringify(document),
  });
  document.imported = { known, builds: 0, requests: added };
  return document;
}

/** Counters are totals of an instant: kept as they are, and never added up with others. */
export async function importMetrics(
  file: string,
  text: string,
  digest: string,
  { send }: ImportOptions,
): Promise<ImportFileDocument> {
  const counters = readDistributionMetrics(text)!;
  const document: ImportFileDocument = {
    file,
    kind: 'distribution-metrics',
    builds: 0,
    requests: counters.requests ?? (counters.hits ?? 0) + (counters.misses ?? 0),
    skipped: counters.skipped,
    unknown: [
      'when and for whom: counters are totals since the registry started',
      'which images',
      ...counters.unknown,
    ],
    imported: null,
    buildsFound: [],
    proxy: {
      requests: counters.requests ?? (counters.hits ?? 0) + (counters.misses ?? 0),
      servedBytes: counters.servedBytes ?? 0,
      fetchedBytes: counters.fetchedBytes ?? null,
      fetchedUnknown: 0,
      hits: counters.hits ?? 0,
      misses: counters.misses ?? 0,
      byCode: {},
      packages: [],
      firstAt: null,
      lastAt: null,
    },
  };
  if (send === undefined) return document;
  const part = { kind: 'distribution-metrics' as const, file: file.slice(0, 4_096), digest };
  const { known } = await send({ ...part, document: JSON.stringify(document) });
  document.imported = { known, builds: 0, requests: 0 };
  return document;
}

/** All lines that end in a chunk, chunk by chunk. */
async function* lines(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: Uint8Array) => void,
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    onBytes(chunk);
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop()!;
    if (rest.length > LONGEST_LINE) {
      parts.push(rest);
      rest = '';
    }
    yield parts;
  }
  yield [rest + decoder.decode()];
}
