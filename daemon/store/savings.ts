import type { Build } from '../../src/builds/types.js';
import type { CacheFill, StepRun } from '../../src/savings/types.js';
import type { EpochMs } from '../../src/units.js';
import type { Connection } from './connection.js';

/** Of one lineage, cold and warm ones each; older ones say little that newer ones do not. */
const MOST_RUNS = 8;

const UNRECORDED = `
SELECT document FROM builds WHERE recorded = 0 AND status <> 'running' ORDER BY started_at LIMIT ?`;

const SAVE_RUN = `
INSERT INTO step_runs (build, digest, lineage, shown, ended_at, document) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (build, digest) DO UPDATE SET
  lineage = excluded.lineage, shown = excluded.shown, ended_at = excluded.ended_at, document = excluded.document`;

const SAVE_FILL = `
INSERT INTO cache_fills (record_id, cache_id, last_used_at, document) VALUES (?, ?, ?, ?)
ON CONFLICT (record_id) DO UPDATE SET
  cache_id = excluded.cache_id, last_used_at = excluded.last_used_at, document = excluded.document`;

const FILLS = `
SELECT document FROM cache_fills
WHERE record_id IN (SELECT value FROM json_each(?1)) OR cache_id IN (SELECT value FROM json_each(?2))`;

/** A lineage is found by itself or by what was shown of it; the runs of some builds come whole. */
const RUNS = `
WITH wanted AS (
  SELECT value AS lineage FROM json_each(?1)
  UNION SELECT lineage FROM step_runs WHERE shown IN (SELECT value FROM json_each(?1))
),
numbered AS (
  SELECT build, digest, row_number() OVER (
    PARTITION BY lineage, document ->> '$.wasCold' ORDER BY ended_at DESC
  ) AS place
  FROM step_runs WHERE lineage IN wanted
),
chosen AS (
  SELECT build, digest FROM numbered WHERE place <= ${MOST_RUNS}
  UNION SELECT build, digest FROM step_runs WHERE build IN (SELECT value FROM json_each(?2))
)
SELECT document FROM chosen JOIN step_runs USING (build, digest)`;

export async function unrecordedBuilds(reader: Connection, limit: number): Promise<Build[]> {
  return (await reader.all<{ document: string }>(UNRECORDED, limit)).map(({ document }) =>
    JSON.parse(document),
  );
}

/** In one transaction: what a build adds to the records, and that it was recorded. */
export async function saveRecords(
  connection: Connection,
  ref: string,
  { runs, fills }: { runs: readonly StepRun[]; fills: readonly CacheFill[] },
): Promise<void> {
  for (const run of runs) {
    const { digest, lineage, shown, endedAt } = run;
    await connection.run(SAVE_RUN, run.ref, digest, lineage, shown, Math.round(endedAt), JSON.stringify(run));
  }
  for (const fill of fills) {
    const { recordId, cacheId, lastUsedAt } = fill;
    await connection.run(SAVE_FILL, recordId, cacheId ?? null, Math.round(lastUsedAt), JSON.stringify(fill));
  }
  await connection.run('UPDATE builds SET recorded = 1 WHERE ref = ?', ref);
}

export async function cacheFills(
  reader: Connection,
  recordIds: readonly string[],
  cacheIds: readonly string[],
): Promise<CacheFill[]> {
  const rows = await reader.all<{ document: string }>(
    FILLS,
    JSON.stringify(recordIds),
    JSON.stringify(cacheIds),
  );
  return rows.map(({ document }) => JSON.parse(document));
}

export async function stepRuns(
  reader: Connection,
  lineages: readonly string[],
  refs: readonly string[],
): Promise<StepRun[]> {
  const rows = await reader.all<{ document: string }>(RUNS, JSON.stringify(lineages), JSON.stringify(refs));
  return rows.map(({ document }) => JSON.parse(document));
}

/** Steps that nobody knows of may have used any cache. */
export async function doubtCacheFills(connection: Connection): Promise<void> {
  await connection.run("UPDATE cache_fills SET document = json_set(document, '$.isComplete', json('false'))");
}

/** Records that are too old to be baselines of anything that is still shown in detail. */
export async function dropOldRecords(connection: Connection, before: EpochMs): Promise<void> {
  await connection.run('DELETE FROM step_runs WHERE ended_at < ?', before);
  await connection.run('DELETE FROM cache_fills WHERE last_used_at < ?', before);
}
