/**
 * A link's own counters against the owners' bytes that were routed over it:
 *
 *     link = owners + what crossed it inside of tunnels + the tunnels' overhead + unattributed
 *
 * signed, in bytes and packets. What does not add up is shown, never spread over the owners.
 */
import { addTraffic, type Bytes, noTraffic, type Traffic, totalBytes } from '../units.js';
import { type Calibration, type CalibrationSample, withoutHeaders } from './calibrate.js';
import type { OwnerKind, Reconciliation } from './types.js';

/** Owner bytes that a link is held against: of any class, as long as they were routed over it. */
export interface RoutedTraffic extends Traffic {
  link: string | undefined;
  ownerKind: OwnerKind;
}

/** A tunnel whose packets crossed the link in the same interval. */
export interface TunnelTraffic {
  /** IP-level bytes and packets of the owners inside, by the tunnel's own view. */
  inner: Traffic;
  /** Bytes per packet that the kernel wrapped it in; `undefined` when a process did, or it is not known. */
  headerBytes: Bytes | undefined;
  /** What the wrapping process (a VPN daemon) moved over the link; `undefined` when the kernel wrapped. */
  outer: Traffic | undefined;
}

/** One link in one interval. All figures are sums, so an interval may be a tick or a month. */
export interface LinkInterval {
  /** What the driver counted, with the layer 2 headers that it counts. */
  counted: Traffic;
  /** Sums of what is routed over this link; see `sumRouted`. */
  owners: Traffic;
  tunnels: readonly TunnelTraffic[];
}

/** What is known of how a link counts. */
export interface LinkCalibration {
  rx: Calibration;
  tx: Calibration;
  /** False when the hardware merges or segments; `undefined`: not known, so the counters have to tell. */
  packetsComparable: boolean | undefined;
}

/**
 * Compares one link's counters with what its owners moved. While a header size is not known, the link's
 * bytes stay as the driver counted them: then the headers are part of what is unattributed.
 */
export function reconcile(link: LinkInterval, known: LinkCalibration): Reconciliation {
  const { counted } = link;
  const { rx, tx } = known;
  const linkBytes =
    withoutHeaders(counted.rxBytes, counted.rxPackets, rx) +
    withoutHeaders(counted.txBytes, counted.txPackets, tx);
  const attributed = link.tunnels.reduce((sum, { inner }) => addTraffic(sum, inner), { ...link.owners });
  const attributedBytes = totalBytes(attributed);
  const tunnelOverheadBytes = totalBytes(overheadOf(link.tunnels));
  return {
    linkBytes,
    attributedBytes,
    tunnelOverheadBytes,
    unattributedBytes: linkBytes - attributedBytes - tunnelOverheadBytes,
    linkPackets: counted.rxPackets + counted.txPackets,
    attributedPackets: attributed.rxPackets + attributed.txPackets,
    rxHeaderBytes: rx.headerBytes,
    txHeaderBytes: tx.headerBytes,
    // Packets that agreed, thousands of them both ways, say more than a feature that is switched on.
    packetsComparable:
      known.packetsComparable === true || (rx.packetsMatch === true && tx.packetsMatch === true),
  };
}

/** What `calibrate` learns from an interval, per direction. */
export function calibrationSamples(link: LinkInterval): { rx: CalibrationSample; tx: CalibrationSample } {
  const owners = link.tunnels.reduce((sum, { inner }) => addTraffic(sum, inner), { ...link.owners });
  addTraffic(owners, overheadOf(link.tunnels));
  const { counted } = link;
  return {
    rx: {
      linkBytes: counted.rxBytes,
      linkPackets: counted.rxPackets,
      ownerBytes: owners.rxBytes,
      ownerPackets: owners.rxPackets,
    },
    tx: {
      linkBytes: counted.txBytes,
      linkPackets: counted.txPackets,
      ownerBytes: owners.txBytes,
      ownerPackets: owners.txPackets,
    },
  };
}

/**
 * Sums of the owners' traffic per link. Relays carry what others own: their bytes are left out. Rows that
 * crossed no link are left out, too.
 */
export function sumRouted(rows: Iterable<RoutedTraffic>): Map<string, Traffic> {
  const sums = new Map<string, Traffic>();
  for (const row of rows) {
    if (row.link === undefined || row.ownerKind === 'relay') continue;
    let sum = sums.get(row.link);
    if (sum === undefined) {
      sum = noTraffic();
      sums.set(row.link, sum);
    }
    addTraffic(sum, row);
  }
  return sums;
}

/** What the tunnels put on the link beyond their inner packets; packets only where a process wrapped. */
function overheadOf(tunnels: readonly TunnelTraffic[]): Traffic {
  const sum = noTraffic();
  for (const { inner, outer, headerBytes } of tunnels) {
    if (outer === undefined) {
      sum.rxBytes += inner.rxPackets * (headerBytes ?? 0);
      sum.txBytes += inner.txPackets * (headerBytes ?? 0);
      continue;
    }
    sum.rxBytes += outer.rxBytes - inner.rxBytes;
    sum.txBytes += outer.txBytes - inner.txBytes;
    sum.rxPackets += outer.rxPackets - inner.rxPackets;
    sum.txPackets += outer.txPackets - inner.txPackets;
  }
  return sum;
}
