/** answers: what the daemon says when asked, from its store and what it sees right now. */
import { type Calibration, uncalibrated, withoutHeaders } from '../../src/metering/calibrate.js';
import { carriedBy, type TunnelCourse } from '../../src/metering/carried.js';
import { type LinkCalibration, reconcile } from '../../src/metering/reconcile.js';
import type { Reconciliation } from '../../src/metering/types.js';
import type { LinkRow, UsageRow } from '../../src/metering/usage.js';
import type { BudgetState } from '../../src/protocol/documents.js';
import type { Transfer } from '../../src/units.js';

/** How links count and how tunnels wrap, as far as it is known. */
export interface LinkKnowledge {
  calibration(link: string): { rx: Calibration; tx: Calibration } | undefined;
  packetsComparable(link: string): boolean | undefined;
  tunnels: readonly TunnelCourse[];
}

/** What people know of links, and wish of them. */
export interface LinkPolicy {
  /** The interface that it is, or was when it was there. */
  interfaceOf(link: string): string | undefined;
  /** Null: nobody can tell. */
  metered(link: string): { metered: boolean | null; because: string };
  budget(link: string): Promise<BudgetState | null>;
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
  const carried = carriedBy(usage, known.tunnels);
  const isBelow = (name: string) =>
    known.tunnels.some((course) => course.tunnel === name && course.over !== undefined);
  return links
    .filter((link) => !isBelow(link.link))
    .map((link) => {
      const calibration = calibrationOf(link.link, known);
      return {
        name: link.link,
        transfer: {
          rxBytes: withoutHeaders(link.rxBytes, link.rxPackets, calibration.rx),
          txBytes: withoutHeaders(link.txBytes, link.txPackets, calibration.tx),
        },
        reconciliation: reconcile({ counted: link, ...carried(link.link) }, calibration),
      };
    });
}

function calibrationOf(link: string, known: LinkKnowledge): LinkCalibration {
  const calibration = known.calibration(link);
  return {
    rx: calibration?.rx ?? uncalibrated(),
    tx: calibration?.tx ?? uncalibrated(),
    packetsComparable: known.packetsComparable(link),
  };
}
