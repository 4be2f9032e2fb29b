/** What the requests of one log add up to. */
import type { ProxyOutcome, ProxyRequest } from '../types.js';

export interface ProxySums {
  requests: number;
  servedBytes: number;
  /** Null when no request says what it fetched. */
  fetchedBytes: number | null;
  /** Of these it is not known what they fetched. */
  fetchedUnknown: number;
  hits: number;
  misses: number;
  byCode: Record<string, { requests: number; servedBytes: number }>;
  /** By bytes served, the most first. */
  packages: {
    name: string;
    requests: number;
    hits: number;
    servedBytes: number;
    fetchedBytes: number | null;
  }[];
  firstAt: string | null;
  lastAt: string | null;
}

const MOST_CODES = 256;
/** Packages that are added up; later ones are left out and counted by their bytes in the totals only. */
const MOST_PACKAGES = 20_000;
const FETCHES: readonly ProxyOutcome[] = ['miss', 'tunnel'];

export class ProxySummary {
  #requests = 0;
  #served = 0;
  #fetched = 0;
  #known = 0;
  #hits = 0;
  #misses = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  readonly #codes = new Map<string, { requests: number; servedBytes: number }>();
  readonly #packages = new Map<string, ProxySums['packages'][number]>();

  add(request: ProxyRequest): void {
    const { outcome, servedBytes, fetchedBytes, at } = request;
    const isHit = outcome === 'hit' || outcome === 'revalidated';
    this.#requests += 1;
    this.#served += servedBytes;
    if (fetchedBytes !== undefined) {
      this.#fetched += fetchedBytes;
      this.#known += 1;
    }
    if (isHit) this.#hits += 1;
    if (FETCHES.includes(outcome)) this.#misses += 1;
    if (at !== undefined) {
      this.#first = Math.min(this.#first, at);
      this.#last = Math.max(this.#last, at);
    }
    const code = entry(this.#codes, request.code, MOST_CODES, newCode);
    if (code !== undefined) {
      code.requests += 1;
      code.servedBytes += servedBytes;
    }
    if (request.package === undefined) return;
    const name = request.package;
    const known = entry(this.#packages, name, MOST_PACKAGES, newPackage);
    if (known === undefined) return;
    known.requests += 1;
    if (isHit) known.hits += 1;
    known.servedBytes += servedBytes;
    if (fetchedBytes !== undefined) known.fetchedBytes = (known.fetchedBytes ?? 0) + fetchedBytes;
  }

  sums(): ProxySums {
    const byServed = [...this.#packages.values()].sort((a, b) => b.servedBytes - a.servedBytes);
    return {
      requests: this.#requests,
      servedBytes: this.#served,
      fetchedBytes: this.#known === 0 ? null : this.#fetched,
      fetchedUnknown: this.#requests - this.#known,
      hits: this.#hits,
      misses: this.#misses,
      byCode: Object.fromEntries(this.#codes),
      packages: byServed.slice(0, 1_000),
      firstAt: Number.isFinite(this.#first) ? new Date(this.#first).toISOString() : null,
      lastAt: Number.isFinite(this.#last) ? new Date(this.#last).toISOString() : null,
    };
  }
}

function newCode(): { requests: number; servedBytes: number } {
  return { requests: 0, servedBytes: 0 };
}

function newPackage(name: string): ProxySums['packages'][number] {
  return { name, requests: 0, hits: 0, servedBytes: 0, fetchedBytes: null };
}

function entry<Value>(
  map: Map<string, Value>,
  key: string,
  most: number,
  make: (key: string) => Value,
): Value | undefined {
  const known = map.get(key);
  if (known !== undefined || map.size >= most) return known;
  const made = make(key);
  map.set(key, made);
  return made;
}
