import { formatAddress } from '../../../src/metering/address.js';
import type { Remote } from '../../../src/metering/types.js';

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

/** Whose packets a counter counts, and where they went or came from. */
export interface FlowIdentity {
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
}

/** Reads `struct flow_key` from the first bytes of `bytes`. */
export function decodeFlowKey(bytes: Uint8Array): FlowIdentity {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const flags = bytes[39]!;
  return {
    key: hex(bytes, FLOW_KEY_SIZE),
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
  };
}

/** Reads a key of `tails`. */
export function decodeTailKey(bytes: Uint8Array): FlowIdentity {
  const flow = decodeFlowKey(bytes);
  return { ...flow, key: `tail:${flow.key}` };
}

/** Reads `struct cgroup_key`. */
export function decodeCgroupKey(bytes: Uint8Array): FlowIdentity {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const key = `cgroup:${hex(bytes, CGROUP_KEY_SIZE)}`;
  return withoutRemote(key, readU64(view, 0), readU64(view, 8), view.getUint32(16, true));
}

/** What an index of `last_resort` stands for. */
export function decodeSlot(slot: number): FlowIdentity {
  return withoutRemote(`total:${slot.toString(16)}`, 0, 0, slot);
}

function withoutRemote(key: string, cgroupId: number, netns: number, slot: number): FlowIdentity {
  return {
    key,
    cgroupId,
    netns,
    ifindex: (slot & OVERFLOW_LOOPBACK) === 0 ? 0 : LOOPBACK_IFINDEX,
    remote: { address: '', port: 0, protocol: 'other' },
    direction: (slot & FLOW_TX) === 0 ? 'rx' : 'tx',
    serviceIsLocal: false,
    packetType: casts[(slot >> CAST_SHIFT) & 3]!,
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
