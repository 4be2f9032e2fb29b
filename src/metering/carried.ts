/** What each link carried, from rows with owners: the owners' own bytes, and those inside of tunnels. */
import { carriesOthers, reportedKind } from '../report/sums.js';
import { addTraffic, noTraffic, type Traffic } from '../units.js';
import { sumRouted, type TunnelTraffic } from './reconcile.js';
import type { Owner, TrafficClass } from './types.js';

export interface OwnedTraffic extends Traffic {
  owner: Owner;
  class: TrafficClass;
  link: string | undefined;
}

/** How a tunnel's packets cross another link. */
export interface TunnelCourse {
  /** Interface of the tunnel. */
  tunnel: string;
  /** Link that its outer packets cross; undefined when that cannot be told. */
  over: string | undefined;
  /** What the kernel adds to each packet; undefined when a process wraps them, or it varies. */
  headerBytes: number | undefined;
}

export interface Carried {
  owners: Traffic;
  tunnels: TunnelTraffic[];
}

/** @returns what is to be held against a link's own counters, by the link's name */
export function carriedBy(
  rows: readonly OwnedTraffic[],
  courses: readonly TunnelCourse[],
): (link: string) => Carried {
  const own = rows.filter((row) => !carriesOthers(row.owner));
  const routed = sumRouted(own.map((row) => ({ ...row, ownerKind: reportedKind(row.owner) })));
  const relayed = noTraffic();
  for (const row of rows) if (carriesOthers(row.owner) && row.class === 'wan') addTraffic(relayed, row);
  return (link) => ({
    owners: routed.get(link) ?? noTraffic(),
    tunnels: courses
      .filter((course) => course.over === link)
      .map(({ tunnel, headerBytes }) => ({
        inner: routed.get(tunnel) ?? noTraffic(),
        headerBytes,
        // Where the kernel does not wrap, a VPN daemon does, and its own sockets were counted as a relay's.
        outer: headerBytes === undefined && relayed.rxBytes + relayed.txBytes > 0 ? relayed : undefined,
      })),
  });
}
