/**
 * What the engine's garbage collection would remove now, by its own rules (control.GCPolicy and cache/manager.go of
 * moby/buildkit): rule after rule, while more is kept than the rule allows, what was least used goes first.
 */
import type { Bytes, EpochMs, Milliseconds } from '../units.js';
import type { CacheRecord } from './types.js';

export interface CollectionRule {
  all: boolean;
  /** Used since less than this: kept. 0 for no such limit. */
  keepDurationMs: Milliseconds;
  reservedBytes: Bytes;
  maxUsedBytes: Bytes;
  minFreeBytes: Bytes;
  /** Each a conjunction like `type==source.local,mutable==true`; one of them has to hold. None: all records. */
  filters: string[];
}

export interface Collection {
  /** Record ids, in the order in which they go. */
  removed: Set<string>;
  /** Of all records whose size the engine knows. */
  totalBytes: Bytes;
}

export interface CollectionInput {
  records: readonly CacheRecord[];
  rules: readonly CollectionRule[];
  /** Record ids that a step has mounted. */
  held: ReadonlySet<string>;
  /** Of the file system that the engine's data is on; undefined when it is not known. */
  freeBytes: Bytes | undefined;
  now: EpochMs;
}

/** Undefined when a rule cannot be understood: then nothing can be said. */
export function collect({ records, rules, held, freeBytes, now }: CollectionInput): Collection | undefined {
  const left = new Map(records.map((record) => [record.recordId, record]));
  const removed = new Set<string>();
  const total = sizeOf(records);
  let used = total;
  let free = freeBytes ?? Number.MAX_SAFE_INTEGER;
  for (const rule of rules) {
    const keep = keptBytes(rule, used, free);
    for (;;) {
      if (keep !== undefined && used < keep) break;
      const candidates = candidatesOf([...left.values()], rule, held, now);
      if (candidates === undefined) return undefined;
      const next = leastUsed(candidates);
      if (next === undefined) break;
      left.delete(next.recordId);
      removed.add(next.recordId);
      used -= next.sizeBytes ?? 0;
      free += next.sizeBytes ?? 0;
    }
  }
  return { removed, totalBytes: total };
}

/** Undefined: the rule has no limit, what it matches goes. */
function keptBytes(rule: CollectionRule, used: Bytes, free: Bytes): Bytes | undefined {
  const { maxUsedBytes, reservedBytes, minFreeBytes } = rule;
  if (maxUsedBytes === 0 && reservedBytes === 0 && minFreeBytes === 0) return undefined;
  const lacking = minFreeBytes - free;
  let keep = maxUsedBytes;
  if (lacking > 0) keep = keep === 0 ? used - lacking : Math.min(keep, used - lacking);
  return Math.max(keep, reservedBytes);
}

function candidatesOf(
  records: readonly CacheRecord[],
  rule: CollectionRule,
  held: ReadonlySet<string>,
  now: EpochMs,
): CacheRecord[] | undefined {
  const below = new Set(records.flatMap((record) => record.parents));
  const candidates: CacheRecord[] = [];
  for (const record of records) {
    if (below.has(record.recordId) || held.has(record.recordId)) continue;
    if (!rule.all && (record.type === 'internal' || record.type === 'frontend')) continue;
    if (rule.keepDurationMs > 0 && (record.lastUsedAt ?? 0) > now - rule.keepDurationMs) continue;
    const matches = matchesAny(record, rule.filters);
    if (matches === undefined) return undefined;
    if (matches) candidates.push(record);
  }
  return candidates;
}

/** Age and number of uses count alike, each by rank. */
function leastUsed(records: readonly CacheRecord[]): CacheRecord | undefined {
  const byAge = ranks(records.map((record) => record.lastUsedAt ?? 0));
  const byUse = ranks(records.map((record) => record.usageCount));
  const scored = records.map((record) => ({
    record,
    score: byAge(record.lastUsedAt ?? 0) + byUse(record.usageCount),
  }));
  return scored.sort((a, b) => a.score - b.score)[0]?.record;
}

function ranks(values: readonly number[]): (value: number) => number {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const rank = new Map(sorted.map((value, index) => [value, index]));
  return (value) => (sorted.length < 2 ? 0 : (rank.get(value) ?? 0) / (sorted.length - 1));
}

function matchesAny(record: CacheRecord, filters: readonly string[]): boolean | undefined {
  if (filters.length === 0) return true;
  const results = filters.map((filter) => matches(record, filter));
  if (results.includes(true)) return true;
  return results.includes(undefined) ? undefined : false;
}

/** containerd's filter language, as far as engines use it for this; undefined for the rest of it. */
function matches(record: CacheRecord, filter: string): boolean | undefined {
  for (const term of filter.split(',')) {
    const [, field, operator, value] = /^\s*(\w+)\s*(==|!=)\s*"?([^"]*?)"?\s*$/.exec(term) ?? [];
    const actual = field === undefined ? undefined : fieldOf(record, field);
    if (actual === undefined) return undefined;
    if ((actual === value) !== (operator === '==')) return false;
  }
  return true;
}

function fieldOf(record: CacheRecord, field: string): string | undefined {
  if (field === 'id') return record.recordId;
  if (field === 'type') return record.type;
  if (field === 'description') return record.description;
  if (field === 'mutable') return String(record.isMutable);
  if (field === 'immutable') return String(!record.isMutable);
  return undefined;
}

function sizeOf(records: readonly CacheRecord[]): Bytes {
  return records.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
}
