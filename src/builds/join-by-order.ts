import type { Candidate } from './join-candidates.js';
import type { Entry } from './join-process-table.js';

/**
 * Processes that nobody saw, such as those of a build that ran while nobody watched: of each is known only that it
 * was there in the same period, and which began first. Where as many vertices ran in it, one after the other, the
 * first process was the first of them. Nothing where there are more or fewer, or any two ran at once.
 *
 * @param open processes with the vertices that each may be, those that may be none included: they may have been
 * one of these all the same, since the last packets of a process's connections come after its end
 */
export function matchByOrder(open: ReadonlyMap<Entry, readonly Candidate[]>): [Entry, Candidate][] {
  const groups = new Map<string, Entry[]>();
  for (const [entry, candidates] of open) {
    const vertices = JSON.stringify(candidates.map(({ step }) => step.digest).toSorted());
    groups.set(vertices, [...(groups.get(vertices) ?? []), entry]);
  }
  const lost = groups.get('[]') ?? [];
  return [...groups.values()]
    .filter((entries) => !lost.some((other) => entries.some((entry) => isBeside(entry, other))))
    .flatMap((entries) => inOrder(entries, open.get(entries[0]!) ?? []));
}

function inOrder(entries: readonly Entry[], candidates: readonly Candidate[]): [Entry, Candidate][] {
  const begun = entries.flatMap((entry) => (entry.order === undefined ? [] : { entry, order: entry.order }));
  if (begun.length !== candidates.length) return [];
  const ran = candidates.toSorted((a, b) => a.interval.startedAt - b.interval.startedAt);
  const isOneByOne = ran.every(({ interval }, i) => {
    const next = ran[i + 1]?.interval.startedAt ?? Number.POSITIVE_INFINITY;
    return interval.completedAt !== undefined && interval.completedAt <= next;
  });
  if (!isOneByOne || entries.length !== begun.length) return [];
  return begun.toSorted((a, b) => a.order - b.order).map(({ entry }, i) => [entry, ran[i]!]);
}

function isBeside(one: Entry, other: Entry): boolean {
  const end = Number.POSITIVE_INFINITY;
  return one.from < (other.until ?? end) && other.from < (one.until ?? end);
}
