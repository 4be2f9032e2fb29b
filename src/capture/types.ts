/** What readers of capture files hand on, and what is known about a file afterwards. */
import type { EpochMs } from '../units.js';

export type CaptureFormat = 'pcap' | 'pcapng';

/** libpcap's largest snapshot: no packet has more bytes, on the wire or captured (MAXIMUM_SNAPLEN). */
export const LARGEST_PACKET = 262_144;

/**
 * Takes packets as they are read. Called millions of times for a large file, hence numbers and a view of
 * the reader's buffer, which is overwritten afterwards: copy what is to be kept.
 */
export interface PacketSink {
  /**
   * @param linkType a LINKTYPE number, without flag bits
   * @param bytes holds the captured bytes from `from` (included) to `to` (excluded)
   * @param wireLength what the capture says the packet had on the wire, in bytes
   * @param at undefined when the capture keeps no time for it, or one that no calendar has
   */
  packet(
    linkType: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    wireLength: number,
    at: EpochMs | undefined,
  ): void;
  /** An interface of the capture, also one without packets. */
  linkType(linkType: number): void;
  /** The capture's own table of names has this. `address` has 4 or 16 bytes. */
  resolvedName?(address: Uint8Array, name: string): void;
}

/** Why reading stopped before the end. */
export interface CaptureProblem {
  /** Bytes from the start of the (uncompressed) capture. */
  offset: number;
  reason: string;
}

/** A push parser of one capture format. Throws NetmeterError `unreadable-input` when it is none. */
export interface CaptureReader {
  readonly format: CaptureFormat;
  push(chunk: Uint8Array): void;
  /** Nothing more comes. Afterwards `problem` is final. */
  end(): void;
  /** Set when the capture is cut off or damaged; what came before it was handed on. */
  readonly problem: CaptureProblem | undefined;
  /** Blocks of kinds that are not read, such as statistics. */
  readonly skippedBlocks: number;
}

/** What reading a capture came to. */
export interface CaptureEnd {
  format: CaptureFormat;
  problem: CaptureProblem | undefined;
  skippedBlocks: number;
}
