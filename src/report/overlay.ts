/**
 * While a build runs, the engine's bytes that belong to its pulls are not moved in the database yet,
 * since later progress may still change who gets them. Views show them moved all the same.
 */
import type { Owner, TrafficRow } from '../metering/types.js';
import type { Move, UsageRow } from '../metering/usage.js';
import { endsIn } from '../metering/usage.js';
import { addTraffic, noTraffic, type Traffic } from '../units.js';

/** Usage with the moves applied that would settle the given rows. Sums stay the same to the byte. */
export function withMoves(
  usage: readonly UsageRow[],
  engineOwner: Owner,
  engineRows: readonly TrafficRow[],
  moves: readonly Move[],
): UsageRow[] {
  const taken = new Map<string, Traffic>();
  const given = new Map<string, UsageRow>();
  for (const row of engineRows) {
    const left: Traffic = { ...row };
    for (const move of moves) {
      if (move.fromOwnerId !== row.ownerId || !move.classes.includes(row.class)) continue;
      if (!endsIn(row.interval, move.interval.from, move.interval.to)) continue;
      const part = partOf(row, left, move.share);
      const key = `${move.to.id} ${row.class} ${row.link ?? ''} ${row.tier}`;
      const target = given.get(key) ?? {
        owner: move.to,
        class: row.class,
        link: row.link,
        tier: row.tier,
        ...noTraffic(),
      };
      given.set(key, target);
      addTraffic(target, part);
      subtract(left, part);
      const source = `${row.class} ${row.link ?? ''} ${row.tier}`;
      taken.set(source, addTraffic(taken.get(source) ?? noTraffic(), part));
    }
  }
  const rest = usage.map((row) => {
    if (row.owner.id !== engineOwner.id) return row;
    const part = taken.get(`${row.class} ${row.link ?? ''} ${row.tier}`);
    if (part === undefined) return row;
    const reduced = { ...row };
    subtract(reduced, part);
    return reduced;
  });
  return [...rest, ...given.values()];
}

function partOf(row: Traffic, left: Traffic, share: number): Traffic {
  const part = (whole: number, rest: number) => Math.min(rest, Math.round(whole * share));
  return {
    rxBytes: part(row.rxBytes, left.rxBytes),
    txBytes: part(row.txBytes, left.txBytes),
    rxPackets: part(row.rxPackets, left.rxPackets),
    txPackets: part(row.txPackets, left.txPackets),
  };
}

function subtract(sum: Traffic, less: Traffic): void {
  sum.rxBytes -= less.rxBytes;
  sum.txBytes -= less.txBytes;
  sum.rxPackets -= less.rxPackets;
  sum.txPackets -= less.txPackets;
}
