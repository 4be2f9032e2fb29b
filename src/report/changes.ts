import type { ReportDocument } from '../protocol/documents.js';

const MOST_CHANGES = 10;

/** Names whose bytes are not what they were, most changed first. One that is missing on a side used nothing. */
export function projectChanges(
  now: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): ReportDocument['changes'] {
  const names = new Set([...now.keys(), ...before.keys()]);
  return [...names]
    .map((name) => ({ name, usedBytes: now.get(name) ?? 0, previousUsedBytes: before.get(name) ?? 0 }))
    .filter(({ usedBytes, previousUsedBytes }) => usedBytes !== previousUsedBytes)
    .toSorted((a, b) => changeOf(b) - changeOf(a))
    .slice(0, MOST_CHANGES);
}

function changeOf(row: { usedBytes: number; previousUsedBytes: number }): number {
  return Math.abs(row.usedBytes - row.previousUsedBytes);
}
