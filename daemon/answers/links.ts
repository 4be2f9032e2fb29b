/** answers: what the daemon says when asked, from its store and what it sees right now. */
import { type Calibration, uncalibrated, withoutHeaders } from '../../src/metering/calibrate.js';
import {
  type LinkCalibration,
  type LinkInterval,
  reconcile,
  sumRouted,
} from '../../src/metering/reconcile.js';
import type { Reconciliation } from '../../src/metering/types.js';
import type { LinkRow, UsageRow } from '../../src/metering/usage.js';
import { carriesOthers, reportedKind } from '../../src/report/sums.js';
import { addTraffic, noTraffic, type Traffic, type Transfer } from '../../src/units.js';

/** How links count and how tunnels wrap, as far as it is known. */
export interface LinkKnowledge {
  calibration(link: string): { rx: Calibration; tx: Calibration } | undefined;
  packetsComparable(link: string): boolean | undefined;
  tunnels: readonly TunnelKnowledge[];
}

export interface TunnelKnowledge {
  /** Interface of the tunnel. */
  tunnel: string;
  /** Link that its outer packets cross; undefined when that cannot be told. */
  over: string | undefined;
  headerBytes: number | undefined;
}

export interface ReconciledLink {
  name: string;
  /** Bytes that crossed it, layer 2 headers taken off as far as they are known. */
  transfer: Transfer;
  reconciliation: Reconciliation;
}

/**
 * Holds every link against its owners. Tunnels are no links of their own here: what is inside of them
 * crossed the link below, where it is added up.
 */
export function reconcileLinks(
  links: readonly LinkRow[],
  usage: readonly UsageRow[],
  known: LinkKnowledge,
): ReconciledLink[] {
  const routed = sumRouted(
    usage
      .filter((row) => !carriesOthers(row.owner))
      .map((row) => ({ ...row, ownerKind: reportedKind(row.owner) })),
  );
  const relays = noTraffic();
  for (const row of usage) if (carriesOthers(row.owner) && row.class === 'wan') addTraffic(relays, row);
  const below = known.tunnels.filter((tunnel) => tunnel.over !== undefined);
  return links
    .filter((link) => !below.some((tunnel) => tunnel.tunnel === link.link))
    .map((link) => {
      const tunnels = below
        .filter((tunnel) => tunnel.over === link.link)
        .map((tunnel) => tunnelTraffic(tunnel, routed.get(tunnel.tunnel), relays));
      const interval: LinkInterval = { counted: link, owners: routed.get(link.link) ?? noTraffic(), tunnels };
      const calibration = calibrationOf(link.link, known);
      return {
        name: link.link,
        transfer: {
          rxBytes: withoutHeaders(link.rxBytes, link.rxPackets, calibration.rx),
          txBytes: withoutHeaders(link.txBytes, link.txPackets, calibration.tx),
        },
        reconciliation: reconcile(interval, calibration),
      };
    });
}

function tunnelTraffic(
  tunnel: TunnelKnowledge,
  inner: Traffic | undefined,
  relays: Traffic,
): LinkInterval['tunnels'][number] {
  return {
    inner: inner ?? noTraffic(),
    headerBytes: tunnel.headerBytes,
    // Where the kernel does not wrap, a VPN daemon does, and its own sockets were counted as a relay's.
    outer: tunnel.headerBytes === undefined && relays.rxBytes + relays.txBytes > 0 ? relays : undefined,
  };
}

function calibrationOf(link: string, known: LinkKnowledge): LinkCalibration {
  const calibration = known.calibration(link);
  return {
    rx: calibration?.rx ?? uncalibrated(),
    tx: calibration?.tx ?? uncalibrated(),
    packetsComparable: known.packetsComparable(link),
  };
}
