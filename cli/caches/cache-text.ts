import { fullId } from '../../src/caches/select.js';
import type { CacheDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes, formatTime } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';

export function cachesText(
  caches: readonly CacheDocument[],
  timeZone: string | undefined,
  width: number | undefined,
): string {
  if (caches.length === 0) return 'No cache mounts.\n';
  const lines = table(
    [
      { title: 'ID', flexible: true },
      { title: 'TARGET' },
      { title: 'FOR' },
      { title: 'SIZE', align: 'right' },
      { title: 'LAST USED' },
      { title: 'USES', align: 'right' },
      { title: 'SAVED', align: 'right' },
      { title: 'REFILL', align: 'right' },
      { title: 'RECORD' },
      { title: 'STATE' },
    ],
    caches.map((cache) => [
      fullId(cache),
      cache.target === cache.id ? '' : (cache.target ?? 'unknown'),
      cache.manager ?? '-',
      formatBytes(cache.sizeBytes),
      formatTime(cache.lastUsedAt, timeZone),
      String(cache.usageCount),
      formatBytes(cache.savedBytes),
      formatBytes(cache.refillBytes),
      cache.recordId.slice(0, 12),
      stateOf(cache),
    ]),
    width,
  );
  const next = caches.filter(({ prunedNext }) => prunedNext === true).length;
  const count = caches.length === 1 ? '1 cache mount' : `${caches.length} cache mounts`;
  lines.push('', `${count}, ${totalOf(caches)}${warningOf(next)}`);
  return `${lines.join('\n')}\n`;
}

function totalOf(caches: readonly CacheDocument[]): string {
  const known = caches.flatMap(({ sizeBytes }) => sizeBytes ?? []);
  if (known.length === 0) return 'of unknown size';
  const unknown = caches.length - known.length;
  const total = formatBytes(known.reduce((sum, bytes) => sum + bytes, 0));
  return unknown === 0 ? total : `${total} and ${unknown} of unknown size`;
}

function stateOf({ inUse, prunedNext }: CacheDocument): string {
  const words = [inUse ? 'in use' : '', prunedNext === true ? 'pruned next' : ''];
  return words.filter(Boolean).join(', ') || '-';
}

function warningOf(next: number): string {
  if (next === 0) return '';
  return `; the engine's next garbage collection removes ${next} of them`;
}

export function cacheText(cache: CacheDocument, timeZone: string | undefined): string {
  const rows: [string, string][] = [
    ['id', escapeText(fullId(cache))],
    ['targets', cache.targets.map(escapeText).join(', ') || 'unknown'],
    ['record', cache.recordId],
    ['for', cache.manager ?? 'no package manager recognised'],
    ['size', formatBytes(cache.sizeBytes)],
    ['path', cache.path ?? 'unknown'],
    ['created', formatTime(cache.createdAt, timeZone)],
    ['last used', `${formatTime(cache.lastUsedAt, timeZone)}, ${cache.usageCount} uses`],
    ['in use', cache.heldBy === null ? 'no' : `by ${holderText(cache.heldBy)}`],
    ['saved', formatBytes(cache.savedBytes)],
    ['refilling', cache.refillBytes === null ? 'unknown' : `at most ${formatBytes(cache.refillBytes)}`],
    ['garbage', garbageText(cache.prunedNext)],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(10)} ${value}`);
  if (cache.uses.length > 0) lines.push('', 'Used by (newest first):');
  for (const use of cache.uses) {
    const was = use.emptyAtStart === null ? '' : use.emptyAtStart ? ', found it empty' : ', found it filled';
    lines.push(
      `  ${formatTime(use.startedAt, timeZone)}  ${escapeText(use.build)}  ${escapeText(use.step)}`,
      `    at ${escapeText(use.target)}, fetched ${formatBytes(use.fetchedBytes)}${was}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

export function holderText({ step, ref }: { step: string; ref: string | null }): string {
  return `${escapeText(step)}${ref === null ? '' : ` of build ${ref.slice(0, 12)}`}`;
}

function garbageText(next: boolean | null): string {
  if (next === null) return "unknown: the engine's rules could not be read";
  return next ? 'the next collection removes it' : 'it stays for now';
}
