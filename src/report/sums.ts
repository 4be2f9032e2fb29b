/** Sums over usage rows, the base of every document. */
import type { Owner, OwnerKind, Tier } from '../metering/types.js';
import type { UsageRow } from '../metering/usage.js';
import { onLink } from '../savings/on-link.js';
import { addTraffic, noTraffic, type Traffic, type Transfer } from '../units.js';

/** What one owner moved, by class, and how well that was counted. */
export interface OwnerSum {
  owner: Owner;
  wan: Traffic;
  lan: Traffic;
  proxy: Traffic;
  local: Traffic;
  /** The worst tier among its rows. */
  tier: Tier;
  /** Wan bytes per link. */
  wanByLink: Map<string, number>;
  /** What each proxy delivered, by its name, as it would have been on a link. */
  byProxy: Map<string, number>;
}

const TIERS_WORST_FIRST: Tier[] = ['reported', 'link', 'polled', 'header', 'exact'];

export function worseTier(a: Tier, b: Tier): Tier {
  return TIERS_WORST_FIRST.indexOf(a) <= TIERS_WORST_FIRST.indexOf(b) ? a : b;
}

export function sumByOwner(rows: readonly UsageRow[]): Map<string, OwnerSum> {
  const sums = new Map<string, OwnerSum>();
  for (const row of rows) {
    let sum = sums.get(row.owner.id);
    if (sum === undefined) {
      sum = emptySum(row.owner, row.tier);
      sums.set(row.owner.id, sum);
    }
    addTraffic(sum[row.class], row);
    sum.tier = worseTier(sum.tier, row.tier);
    if (row.class === 'proxy') addTo(sum.byProxy, row.proxy ?? '', onLink(row));
    if (row.class === 'wan' && row.link !== undefined) {
      sum.wanByLink.set(row.link, (sum.wanByLink.get(row.link) ?? 0) + row.rxBytes + row.txBytes);
    }
  }
  return sums;
}

export function emptySum(owner: Owner, tier: Tier): OwnerSum {
  return {
    owner,
    wan: noTraffic(),
    lan: noTraffic(),
    proxy: noTraffic(),
    local: noTraffic(),
    tier,
    wanByLink: new Map(),
    byProxy: new Map(),
  };
}

/** Several owners of one step, as one sum; undefined when none of them moved anything. */
export function mergeSums(parts: readonly OwnerSum[]): OwnerSum | undefined {
  const [first, ...rest] = parts;
  if (first === undefined) return undefined;
  const merged = emptySum(first.owner, first.tier);
  for (const part of [first, ...rest]) {
    for (const name of ['wan', 'lan', 'proxy', 'local'] as const) addTraffic(merged[name], part[name]);
    merged.tier = worseTier(merged.tier, part.tier);
    for (const [name, bytes] of part.byProxy) addTo(merged.byProxy, name, bytes);
    for (const [link, bytes] of part.wanByLink) {
      merged.wanByLink.set(link, (merged.wanByLink.get(link) ?? 0) + bytes);
    }
  }
  return merged;
}

/** The link that carried most of some wan bytes; null when they crossed none. */
export function mainLink(wanByLink: ReadonlyMap<string, number>): string | null {
  let best: string | null = null;
  let most = -1;
  for (const [link, bytes] of wanByLink) {
    if (bytes > most) [best, most] = [link, bytes];
  }
  return best;
}

/** A relay that carries the bytes of sockets that have owners themselves: shown, never added to them. */
export function carriesOthers(owner: Owner): boolean {
  return owner.kind === 'relay' && !owner.facts.relayedContainer;
}

/** Relays that stand in for a container (a published port's proxy) are the container's bytes. */
export function reportedKind(owner: Owner): Exclude<OwnerKind, 'relay'> {
  return owner.kind === 'relay' ? 'container' : owner.kind;
}

/** The two figures of a transfer, without its packets. */
export function transferOf(traffic: Transfer): Transfer {
  return { rxBytes: traffic.rxBytes, txBytes: traffic.txBytes };
}

export function noTransfer(): Transfer {
  return { rxBytes: 0, txBytes: 0 };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}

export function isoOrNull(at: number | undefined): string | null {
  return at === undefined ? null : iso(at);
}

function addTo(sums: Map<string, number>, name: string, bytes: number): void {
  sums.set(name, (sums.get(name) ?? 0) + bytes);
}
