/**
 * The counters of a registry that mirrors another (distribution): Prometheus text (`registry_proxy_…`, version 3), or
 * the JSON of `/debug/vars` (version 2). They are totals since its start, of an instant that they do not name.
 */
export interface DistributionCounters {
  requests: number | undefined;
  hits: number | undefined;
  misses: number | undefined;
  /** To clients. */
  servedBytes: number | undefined;
  /** From the registry that is mirrored. */
  fetchedBytes: number | undefined;
  /** Lines and fields of other things. */
  skipped: number;
  /** What these counters do not tell, or tell wrongly; one sentence each. */
  unknown: string[];
}

/** Seen on 2.8.2: three blobs that were fetched stood there as hits, and as served twice. */
const VERSION_2 =
  'which blobs were hits: version 2 counts those that it fetched as hits, and their bytes as served twice';

const METRIC =
  /^registry_proxy_(requests|hits|misses|pulled_bytes|pushed_bytes)(?:_total)?(?:\{[^}]{0,1024}\})? ([0-9.e+]{1,32})(?: \d+)?$/;
const LONGEST = 4 * 1024 * 1024;

/** Undefined for what is none, or when the registry mirrors nothing. */
export function readDistributionMetrics(text: string): DistributionCounters | undefined {
  if (text.length > LONGEST) return undefined;
  return text.trimStart().startsWith('{') ? fromVars(text) : fromPrometheus(text);
}

function fromPrometheus(text: string): DistributionCounters | undefined {
  const sums = new Map<string, number>();
  let skipped = 0;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = METRIC.exec(line);
    const value = Number(match?.[2]);
    if (match === null || !Number.isFinite(value)) {
      skipped += 1;
      continue;
    }
    sums.set(match[1]!, (sums.get(match[1]!) ?? 0) + value);
  }
  if (sums.size === 0) return undefined;
  return {
    requests: sums.get('requests'),
    hits: sums.get('hits'),
    misses: sums.get('misses'),
    servedBytes: sums.get('pushed_bytes'),
    fetchedBytes: sums.get('pulled_bytes'),
    skipped,
    unknown: [],
  };
}

function fromVars(text: string): DistributionCounters | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const proxy = child(child(json, 'registry'), 'proxy');
  const parts = [child(proxy, 'blobs'), child(proxy, 'manifests')].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  const sum = (name: string) => {
    const values = parts.map((part) => (part as Record<string, unknown>)[name]);
    return values.every((value) => typeof value === 'number')
      ? values.reduce<number>((total, value) => total + (value as number), 0)
      : undefined;
  };
  return {
    requests: sum('Requests'),
    hits: sum('Hits'),
    misses: sum('Misses'),
    servedBytes: sum('BytesPushed'),
    fetchedBytes: sum('BytesPulled'),
    skipped: Object.keys(json as object).length - 1,
    unknown: [VERSION_2],
  };
}

function child(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const held = (value as Record<string, unknown>)[name];
  return typeof held === 'object' && held !== null ? held : undefined;
}
