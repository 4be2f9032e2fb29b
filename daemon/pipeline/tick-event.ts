import type { Owner } from '../../src/metering/types.js';
import type { TickEvent } from '../../src/protocol/messages.js';
import { noTransfer } from '../../src/report/sums.js';
import type { Interval } from '../../src/units.js';
import type { TickBatch } from '../store/types.js';

/** A committed tick as live views receive it: what moved, per link and owner. */
export function tickEvent(batch: TickBatch, owner: (id: string) => Owner | undefined): TickEvent {
  const owners = new Map<string, TickEvent['owners'][number]>();
  for (const row of batch.rows) {
    if (row.class === 'local') continue;
    let entry = owners.get(row.ownerId);
    if (entry === undefined) {
      const known = owner(row.ownerId);
      entry = {
        id: row.ownerId,
        kind: known?.kind ?? 'host',
        name: known?.name ?? row.ownerId,
        wan: noTransfer(),
        lan: noTransfer(),
        proxy: noTransfer(),
        step: stepOf(known),
      };
      owners.set(row.ownerId, entry);
    }
    entry[row.class].rxBytes += row.rxBytes;
    entry[row.class].txBytes += row.txBytes;
  }
  return {
    from: new Date(batch.interval.from).toISOString(),
    to: new Date(batch.interval.to).toISOString(),
    links: batch.links.map(({ link, rxBytes, txBytes }) => ({ name: link, rxBytes, txBytes })),
    owners: [...owners.values()],
  };
}

/** The event of a sample in which nothing moved: a sign of life. */
export function idleEvent({ from, to }: Interval): TickEvent {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), links: [], owners: [] };
}

function stepOf(owner: Owner | undefined): TickEvent['owners'][number]['step'] {
  const { buildRef, stepDigest } = owner?.facts ?? {};
  return buildRef === undefined || stepDigest === undefined ? null : { ref: buildRef, digest: stepDigest };
}
