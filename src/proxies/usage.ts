/** What proxies delivered and what they fetched, from rows of everybody who moved something. */
import type { OwnerKind, Tier, TrafficClass } from '../metering/types.js';
import { noTransfer } from '../report/sums.js';
import { onLink } from '../savings/on-link.js';
import { type Bytes, type Interval, type Traffic, type Transfer, totalBytes } from '../units.js';

/** Within the interval, what this owner moved was the proxy's own. */
export interface ProxyOwner {
  proxy: string;
  ownerId: string;
  interval: Interval;
}

export interface ProxyUsage {
  name: string;
  /** What others got from it and sent to it, from their view. */
  delivered: Transfer;
  /** The same as it would have been on a link, received and sent. */
  deliveredOnLink: Bytes;
  /**
   * What it moved over uplinks for that, what proxies behind it did included; undefined when it runs where
   * nothing is counted.
   */
  fetched: Transfer | undefined;
}

/** What an owner moved to a proxy, or over uplinks. */
export interface ProxyRow extends Traffic {
  ownerId: string;
  kind: OwnerKind;
  class: TrafficClass;
  tier: Tier;
  /** Undefined: with no proxy. */
  proxy: string | undefined;
}

export interface ProxyRows {
  /** Of the whole period, all owners. */
  all: readonly ProxyRow[];
  /** Per entry, what that owner moved in that interval. */
  own: readonly { owner: ProxyOwner; rows: readonly ProxyRow[] }[];
  /** Names of proxies that are reached over an uplink: what they deliver has crossed it. */
  beyond: ReadonlySet<string>;
}

/** Chains of proxies are followed so far; a loop of them ends here. */
const LONGEST_CHAIN = 4;

/**
 * Per proxy that delivered or fetched something, in the order of their names. Relays are left out: what
 * Docker's own carries to a proxy, whoever sent it has been counted for.
 */
export function proxyUsage({ all: rows, own: owned, beyond }: ProxyRows): ProxyUsage[] {
  const delivered = new Map<string, Transfer>();
  const onLinks = new Map<string, Bytes>();
  for (const row of rows) {
    if (row.proxy === undefined || row.kind === 'relay') continue;
    addTransfer(entry(delivered, row.proxy), row);
    onLinks.set(row.proxy, (onLinks.get(row.proxy) ?? 0) + onLink(row));
  }
  const own = ownTraffic(owned);
  const names = [...new Set([...delivered.keys(), ...own.keys()])].sort();
  const fetchedBy = (name: string, depth: number): Transfer | undefined => {
    if (beyond.has(name)) return delivered.get(name) ?? noTransfer();
    const moved = own.get(name);
    if (moved === undefined || !moved.isKnown) return undefined;
    const sum = { ...moved.wan };
    for (const [behind, got] of moved.fromProxies) {
      const more = depth < LONGEST_CHAIN ? fetchedBy(behind, depth + 1) : undefined;
      if (more === undefined) return undefined;
      const all = totalBytes(delivered.get(behind) ?? noTransfer());
      const share = all === 0 ? 0 : Math.min(1, totalBytes(got) / all);
      addTransfer(sum, {
        rxBytes: Math.round(more.rxBytes * share),
        txBytes: Math.round(more.txBytes * share),
      });
    }
    return sum;
  };
  return names.map((name) => ({
    name,
    delivered: delivered.get(name) ?? noTransfer(),
    deliveredOnLink: onLinks.get(name) ?? 0,
    fetched: fetchedBy(name, 0),
  }));
}

interface OwnTraffic {
  wan: Transfer;
  fromProxies: Map<string, Transfer>;
  /** Tiers that know no remotes take what it delivered for wan, too. */
  isKnown: boolean;
}

function ownTraffic(owned: ProxyRows['own']): Map<string, OwnTraffic> {
  const found = new Map<string, OwnTraffic>();
  for (const { owner, rows } of owned) {
    const own = found.get(owner.proxy) ?? { wan: noTransfer(), fromProxies: new Map(), isKnown: true };
    found.set(owner.proxy, own);
    for (const row of rows) {
      if (row.tier !== 'exact') own.isKnown = false;
      if (row.class === 'wan') addTransfer(own.wan, row);
      // What it asks of itself, as for its health, is no chain.
      if (row.proxy !== undefined && row.proxy !== owner.proxy)
        addTransfer(entry(own.fromProxies, row.proxy), row);
    }
  }
  return found;
}

function entry(sums: Map<string, Transfer>, name: string): Transfer {
  const sum = sums.get(name) ?? noTransfer();
  sums.set(name, sum);
  return sum;
}

function addTransfer(sum: Transfer, more: Transfer): void {
  sum.rxBytes += more.rxBytes;
  sum.txBytes += more.txBytes;
}
