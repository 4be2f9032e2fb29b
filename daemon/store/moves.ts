import { NetmeterError } from '../../src/errors.js';
import type { TrafficRow } from '../../src/metering/types.js';
import { endsIn, type Move } from '../../src/metering/usage.js';
import type { EpochMs, Traffic } from '../../src/units.js';
import { Apportioner } from './apportion.js';
import type { Connection } from './connection.js';
import { applyTransfers, type RowTransfer, targetSeries } from './move-sql.js';
import { type StoredRow, storedRows } from './owner-rows.js';
import { saveOwner } from './owners.js';

/** Shares are quotients: their sum may miss 1 by its last bits. */
const ROUNDING = 1e-9;

/** What one move takes of one row. */
interface Part {
  stored: StoredRow;
  toOwnerId: string;
  amounts: Traffic;
}

/** Splits rows, within the transaction that the caller has begun. A second call with `id` changes nothing. */
export async function move(
  connection: Connection,
  id: string,
  moves: readonly Move[],
  now: EpochMs,
): Promise<void> {
  const added = await connection.run(
    'INSERT INTO moves (id, moved_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
    id,
    Math.round(now),
  );
  if (added === 0) return;
  for (const { to } of moves) await saveOwner(connection, to);
  const parts: Part[] = [];
  for (const ownerId of new Set(moves.map(({ fromOwnerId }) => fromOwnerId))) {
    const own = moves.filter(({ fromOwnerId }) => fromOwnerId === ownerId);
    const interval = {
      from: Math.min(...own.map((each) => each.interval.from)),
      to: Math.max(...own.map((each) => each.interval.to)),
    };
    parts.push(...split(await storedRows(connection, ownerId, interval), own));
  }
  const pairs = parts.map(({ stored, toOwnerId }) => ({ series: stored.series, toOwnerId }));
  const targets = await targetSeries(connection, pairs);
  const transfers = parts.map(({ stored: { table, series, row }, amounts }, place): RowTransfer => {
    return { table, fromSeries: series, toSeries: targets[place]!, interval: row.interval, ...amounts };
  });
  await applyTransfers(connection, transfers);
}

/** Rows that the same moves apply to are split one after another, so that rounding evens out among them. */
function split(rows: readonly StoredRow[], moves: readonly Move[]): Part[] {
  const splitters = new Map<string, TrafficSplitter>();
  return rows.flatMap((stored) => {
    const applying = moves.filter((each) => applies(each, stored.row));
    if (applying.length === 0) return [];
    const key = applying.map((each) => moves.indexOf(each)).join(' ');
    const splitter = splitters.get(key) ?? new TrafficSplitter(applying);
    splitters.set(key, splitter);
    return splitter.split(stored);
  });
}

function applies(move: Move, { class: trafficClass, interval, remote }: TrafficRow): boolean {
  if (!move.classes.includes(trafficClass)) return false;
  if (!endsIn(interval, move.interval.from, move.interval.to)) return false;
  if (move.remotes === undefined) return true;
  return move.remotes.some(
    ({ address, port, protocol }) =>
      address === remote.address && port === remote.port && protocol === remote.protocol,
  );
}

class TrafficSplitter {
  readonly #moves: readonly Move[];
  readonly #rxBytes: Apportioner;
  readonly #txBytes: Apportioner;
  readonly #rxPackets: Apportioner;
  readonly #txPackets: Apportioner;

  constructor(moves: readonly Move[]) {
    this.#moves = moves;
    const shares = moves.map(({ share }) => share);
    const rest = 1 - shares.reduce((sum, share) => sum + share, 0);
    if (!(rest >= -ROUNDING) || shares.some((share) => !(share >= 0))) {
      throw new NetmeterError('internal', `shares of one row must add up to 1 at most: ${shares.join(', ')}`);
    }
    const all = [...shares, rest < ROUNDING ? 0 : rest];
    this.#rxBytes = new Apportioner(all);
    this.#txBytes = new Apportioner(all);
    this.#rxPackets = new Apportioner(all);
    this.#txPackets = new Apportioner(all);
  }

  split(stored: StoredRow): Part[] {
    const rxBytes = this.#rxBytes.split(stored.row.rxBytes);
    const txBytes = this.#txBytes.split(stored.row.txBytes);
    const rxPackets = this.#rxPackets.split(stored.row.rxPackets);
    const txPackets = this.#txPackets.split(stored.row.txPackets);
    return this.#moves.map(({ to }, place) => ({
      stored,
      toOwnerId: to.id,
      amounts: {
        rxBytes: rxBytes[place]!,
        txBytes: txBytes[place]!,
        rxPackets: rxPackets[place]!,
        txPackets: txPackets[place]!,
      },
    }));
  }
}
