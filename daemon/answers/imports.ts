import type { Build } from '../../src/builds/types.js';
import type { ImportAnswer, ImportPart } from '../../src/records/import.js';
import { buildOwnerIds } from '../../src/report/builds.js';
import type { Interval } from '../../src/units.js';
import type { Store } from '../store/types.js';

/** Builds are not looked for that began earlier than this before a capture did. */
const LONGEST_BUILD_MS = 86_400_000;
const MOST_SEEN = 100;

/** Stores what was recorded elsewhere, and says which builds a capture shows that netmeter knows. */
export async function importFile(store: Store, part: ImportPart): Promise<ImportAnswer> {
  const imported = await store.importPart(part);
  const { addresses, period } = part;
  const tied = addresses !== undefined && period !== undefined;
  return { ...imported, seenBuilds: tied ? await buildsIn(store, period, new Set(addresses)) : [] };
}

/** By time and address: they ran in the period, and their steps talked to these. */
async function buildsIn(
  store: Store,
  { from, to }: Interval,
  addresses: ReadonlySet<string>,
): Promise<ImportAnswer['seenBuilds']> {
  const candidates = await store.builds({ since: from - LONGEST_BUILD_MS, until: to });
  const seen: ImportAnswer['seenBuilds'] = [];
  for (const build of candidates) {
    if (build.imported !== undefined || endOf(build) < from) continue;
    const remotes = await store.remotes(buildOwnerIds(build));
    const shared = [...new Set(remotes.map(({ address }) => address))].filter((one) => addresses.has(one));
    if (shared.length > 0) seen.push({ ref: build.ref, name: build.name, addresses: shared });
    if (seen.length >= MOST_SEEN) break;
  }
  return seen;
}

function endOf(build: Build): number {
  return build.completedAt ?? Number.POSITIVE_INFINITY;
}
