import { NetmeterError } from '../../src/errors.js';
import type { TrafficRow } from '../../src/metering/types.js';
import type { LinkRow } from '../../src/metering/usage.js';
import type { EpochMs, Traffic } from '../../src/units.js';
import type { Connection } from './connection.js';
import { ownerColumns } from './owners.js';
import { SeriesCache } from './series-cache.js';
import { LEARN, TICK } from './tick-sql.js';
import type { TickBatch } from './types.js';
import type { Writer } from './writer.js';

/** A tick in which nothing moved is written only so often: it would only say that time went by. */
const EMPTY_TICKS_EVERY = 10_000;

/** Writes ticks, and remembers the end of the last one. */
export class Ticks {
  readonly series = new SeriesCache();
  readonly #writer: Writer;
  #epoch: string | undefined;
  #lastTickAt: EpochMs | undefined;
  #writtenAt: EpochMs | undefined;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  get lastTickAt(): EpochMs | undefined {
    return this.#lastTickAt;
  }

  async load(): Promise<void> {
    const state = await this.#writer.connection.get<{ epoch: string | null; last_tick_at: number | null }>(
      'SELECT epoch, last_tick_at FROM state',
    );
    this.#epoch = state?.epoch ?? undefined;
    this.#lastTickAt = state?.last_tick_at ?? undefined;
    this.#writtenAt = this.#lastTickAt;
  }

  commit(batch: TickBatch): Promise<void> {
    return this.#writer.exclusive((connection) => this.#commit(connection, batch));
  }

  /** Writes the end of the last tick if it was an empty one. */
  async flush(connection: Connection): Promise<void> {
    if (this.#lastTickAt === undefined || this.#lastTickAt === this.#writtenAt) return;
    await connection.run('UPDATE state SET last_tick_at = ?', this.#lastTickAt);
  }

  async #commit(connection: Connection, batch: TickBatch): Promise<void> {
    const endedAt = Math.round(batch.interval.to);
    const rows = batch.rows.filter(moved);
    const links = batch.links.filter((row) => moved(row) || (row.txDropped ?? 0) > 0);
    if (this.#isIdle(batch, rows.length + links.length, endedAt)) {
      this.#lastTickAt = endedAt;
      return;
    }
    const known: number[][] = [];
    const fresh: TrafficRow[] = [];
    for (const row of rows) {
      const id = this.series.get(row);
      if (id === undefined) fresh.push(row);
      else known.push([id, ...figures(row)]);
    }
    const freshJson = JSON.stringify(fresh.map(freshRow));
    const parts = [
      JSON.stringify(batch.owners.map(ownerColumns)),
      freshJson,
      JSON.stringify(known),
      JSON.stringify(links.map(linkRow)),
      JSON.stringify(batch.positions.map(({ key, bytes, packets }) => [key, bytes, packets])),
      JSON.stringify(batch.forget),
    ];
    await connection.run(TICK, endedAt, batch.epoch, ...parts).catch((error) => {
      throw explained(error);
    });
    this.#epoch = batch.epoch;
    this.#lastTickAt = endedAt;
    this.#writtenAt = endedAt;
    if (fresh.length > 0) await this.#learn(connection, fresh, freshJson);
  }

  #isIdle(batch: TickBatch, rows: number, endedAt: EpochMs): boolean {
    const entries = rows + batch.owners.length + batch.positions.length + batch.forget.length;
    if (entries > 0 || batch.epoch !== this.#epoch || this.#writtenAt === undefined) return false;
    return Math.abs(endedAt - this.#writtenAt) < EMPTY_TICKS_EVERY;
  }

  /** The tick is committed: failing to learn costs the next one a look-up and must not fail this one. */
  async #learn(connection: Connection, rows: TrafficRow[], json: string): Promise<void> {
    const ids = await connection.all<{ place: number; series: number | null }>(LEARN, json).catch(() => []);
    for (const { place, series } of ids) {
      if (series !== null) this.series.set(rows[place]!, series);
    }
  }
}

function figures({ interval, rxBytes, txBytes, rxPackets, txPackets }: TrafficRow | LinkRow): number[] {
  return [Math.round(interval.from), Math.round(interval.to), rxBytes, txBytes, rxPackets, txPackets];
}

function freshRow(row: TrafficRow): (string | number)[] {
  const { address, port, protocol } = row.remote;
  const series = [row.ownerId, address, port, protocol, row.class, row.link ?? '', row.tier];
  return [...series, ...figures(row), row.proxy ?? ''];
}

function linkRow(row: LinkRow): (string | number | null)[] {
  return [row.link, ...figures(row), row.txDropped ?? null];
}

function moved({ rxBytes, txBytes, rxPackets, txPackets }: Traffic): boolean {
  return rxBytes !== 0 || txBytes !== 0 || rxPackets !== 0 || txPackets !== 0;
}

function explained(error: unknown): unknown {
  const cause = error instanceof NetmeterError ? error.cause : undefined;
  if ((cause as { code?: string } | undefined)?.code !== 'SQLITE_CONSTRAINT') return error;
  return new NetmeterError(
    'internal',
    `a tick was refused: ${(cause as Error).message}; each owner must have been given, each figure be a whole number and not negative`,
    { cause },
  );
}
