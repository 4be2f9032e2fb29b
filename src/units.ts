/** Units that appear in signatures. All byte figures are IP-level bytes on the wire, as integers. */
export type Bytes = number;
export type Milliseconds = number;
/** Milliseconds since 1970-01-01T00:00:00Z by the wall clock. */
export type EpochMs = number;

/** Bytes from the owner's own view: received and sent. */
export interface Transfer {
  rxBytes: Bytes;
  txBytes: Bytes;
}

/** A transfer with its packets on the wire (segments and fragments, not merged ones). */
export interface Traffic extends Transfer {
  rxPackets: number;
  txPackets: number;
}

/** A half-open interval of wall-clock time, `from` excluded and `to` included, as counters are read at `to`. */
export interface Interval {
  from: EpochMs;
  to: EpochMs;
}

export function noTraffic(): Traffic {
  return { rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0 };
}

/** Adds `more` into `sum`, in place. */
export function addTraffic(sum: Traffic, more: Traffic): Traffic {
  sum.rxBytes += more.rxBytes;
  sum.txBytes += more.txBytes;
  sum.rxPackets += more.rxPackets;
  sum.txPackets += more.txPackets;
  return sum;
}

export function totalBytes(transfer: Transfer): Bytes {
  return transfer.rxBytes + transfer.txBytes;
}
