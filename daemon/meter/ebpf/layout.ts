import { formatAddress } from '../../../src/metering/address.js';
import type { Remote } from '../../../src/metering/types.js';
import type { Milliseconds } from '../../../src/units.js';

/**
 * Number of the layout of keys and values in program/layout.h. It is part of the pinned directory's name,
 * so that a later version knows how to read what an earlier one counted. Raise it with every change there.
 */
export const LAYOUT = 1;

export const FLOW_KEY_SIZE = 40;
export const CGROUP_KEY_SIZE = 24;
export const COUNTER_SIZE = 16;
export const OVERFLOW_SLOTS = 16;

/** Offsets in `struct ending`. */
export const ENDING = {
  cgroup: 0,
  netns: 8,
  movedAt: 16,
  ifindex: 24,
  port: 28,
  flags: 30,
  reset: 31,
  remoteEnded: 36,
  reused: 37,
  socket: 40,
  link: 72,
} as const;

const FLOW_TX = 0x01;
const FLOW_SERVICE_HERE = 0x02;
const CAST_SHIFT = 2;
const OVERFLOW_LOOPBACK = 0x02;
const LOOPBACK_IFINDEX = 1;
const casts = ['unicast', 'broadcast', 'multicast', 'unicast'] as const;

export type PacketType = 'unicast' | 'broadcast' | 'multicast';

/** A cumulative counter: whose packets it counts, and where they went or came from. */
export interface FlowCounter {
  /**
   * The map key in hexadecimal. `tail:` before it marks what came after a connection's socket was gone;
   * `cgroup:` and `total:` mark counters that took over when there was no room for more remotes: their
   * remote's address is empty.
   */
  readonly key: string;
  /** Inode of the cgroup's directory; 0 when not even the cgroup is known. */
  readonly cgroupId: number;
  /** Cookie of the network namespace; 0 where the kernel does not tell (see `EbpfMeter.netnsKnown`). */
  readonly netns: number;
  /** A number within the namespace; 1 is loopback in all of them; 0 when it is not known. */
  readonly ifindex: number;
  readonly remote: Remote;
  readonly direction: 'rx' | 'tx';
  /** The port is the owner's own, not the remote's: the owner is the service. */
  readonly serviceIsLocal: boolean;
  readonly packetType: PacketType;
  /** IP-level bytes on the wire since the counters were made. This and what follows changes with every sample. */
  bytes: number;
  /** Packets on the wire: segments and fragments, not merged ones. */
  packets: number;
  /** The sample, by the clock it was given, that saw this counter move last. */
  movedAt: Milliseconds;
}

/**
 * A counter at zero for the `struct flow_key` in the first bytes of `bytes`.
 * @param prefix of its key
 */
export function decodeFlowKey(bytes: Uint8Array, prefix = ''): FlowCounter {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const flags = bytes[39]!;
  return {
    key: prefix + hex(bytes, FLOW_KEY_SIZE),
    cgroupId: readU64(view, 0),
    netns: readU64(view, 8),
    ifindex: view.getUint32(32, true),
    remote: {
      address: formatAddress(bytes, 16, 16),
      port: view.getUint16(36, true),
      protocol: protocolName(bytes[38]!),
    },
    direction: (flags & FLOW_TX) === 0 ? 'rx' : 'tx',
    serviceIsLocal: (flags & FLOW_SERVICE_HERE) !== 0,
    packetType: casts[(flags >> CAST_SHIFT) & 3]!,
    bytes: 0,
    packets: 0,
    movedAt: 0,
  };
}

/** The same for a key of `tails`. */
export function decodeTailKey(bytes: Uint8Array): FlowCounter {
  return decodeFlowKey(bytes, 'tail:');
}

/** The same for a `struct cgroup_key`. */
export function decodeCgroupKey(bytes: Uint8Array): FlowCounter {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const key = `cgroup:${hex(bytes, CGROUP_KEY_SIZE)}`;
  return withoutRemote(key, readU64(view, 0), readU64(view, 8), view.getUint32(16, true));
}

/** The same for an index of `last_resort`. */
export function decodeSlot(slot: number): FlowCounter {
  return withoutRemote(`total:${slot.toString(16)}`, 0, 0, slot);
}

function withoutRemote(key: string, cgroupId: number, netns: number, slot: number): FlowCounter {
  return {
    key,
    cgroupId,
    netns,
    ifindex: (slot & OVERFLOW_LOOPBACK) === 0 ? 0 : LOOPBACK_IFINDEX,
    remote: { address: '', port: 0, protocol: 'other' },
    direction: (slot & FLOW_TX) === 0 ? 'rx' : 'tx',
    serviceIsLocal: false,
    packetType: casts[(slot >> CAST_SHIFT) & 3]!,
    bytes: 0,
    packets: 0,
    movedAt: 0,
  };
}

/** IP protocol numbers of the transports that have ports here. */
function protocolName(number: number): Remote['protocol'] {
  if (number === 6) return 'tcp';
  return number === 17 ? 'udp' : 'other';
}

/** A 64-bit value as a number: cgroup ids, cookies and byte counts stay far below 2^53. */
function readU64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 0x1_0000_0000;
}

function hex(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('hex');
}
