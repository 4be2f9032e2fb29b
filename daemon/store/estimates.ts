import type { KeptEstimate } from '../../src/estimate/tie.js';
import type { EpochMs } from '../../src/units.js';
import type { Connection } from './connection.js';

/** An estimate before it is stored. */
export type NewEstimate = Omit<KeptEstimate, 'id'>;

/** Inputs list every file that a build copies: those of older estimates are of no use any more. */
const KEEP_INPUTS = 200;
const KEEP_ESTIMATES = 10_000;

interface Row {
  id: number;
  made_at: number;
  context: string;
  dockerfile: string;
  fetch_bytes: number | null;
  low_bytes: number | null;
  high_bytes: number | null;
  inputs: string | null;
}

export async function saveEstimate(connection: Connection, estimate: NewEstimate): Promise<void> {
  await connection.run(
    `INSERT INTO estimates (made_at, context, dockerfile, fetch_bytes, low_bytes, high_bytes, inputs)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    Math.round(estimate.madeAt),
    estimate.context,
    estimate.dockerfile,
    estimate.fetchBytes ?? null,
    estimate.lowBytes ?? null,
    estimate.highBytes ?? null,
    estimate.inputs === undefined ? null : JSON.stringify(estimate.inputs),
  );
  await connection.run(
    'UPDATE estimates SET inputs = NULL WHERE inputs IS NOT NULL AND id <= (SELECT max(id) FROM estimates) - ?',
    KEEP_INPUTS,
  );
  await connection.run(
    'DELETE FROM estimates WHERE id <= (SELECT max(id) FROM estimates) - ?',
    KEEP_ESTIMATES,
  );
}

/** Those made in (since, until], oldest first. */
export async function listEstimates(
  reader: Connection,
  since: EpochMs,
  until: EpochMs,
): Promise<KeptEstimate[]> {
  const rows = await reader.all<Row>(
    'SELECT * FROM estimates WHERE made_at > ? AND made_at <= ? ORDER BY made_at, id',
    since,
    until,
  );
  return rows.map((row) => ({
    id: row.id,
    madeAt: row.made_at,
    context: row.context,
    dockerfile: row.dockerfile,
    fetchBytes: row.fetch_bytes ?? undefined,
    lowBytes: row.low_bytes ?? undefined,
    highBytes: row.high_bytes ?? undefined,
    inputs: row.inputs === null ? undefined : JSON.parse(row.inputs),
  }));
}
