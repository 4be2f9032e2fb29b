/** The machine-readable report of a capture: one entry of `files` in the document of `netmeter pcap --json`. */
import type { EpochMs } from '../units.js';
import type { CaptureAnalysis, Undecoded } from './analysis.js';
import { type HostClass, hostClass } from './host-class.js';
import { linkTypeName } from './link-layer.js';
import type { NameSource } from './names/name-table.js';
import { protocolName } from './protocol-name.js';
import { registryOf } from './registry.js';
import type { LeftOut } from './traffic-table.js';
import type { CaptureEnd, CaptureFormat, CaptureProblem } from './types.js';

export interface CaptureDocument {
  file: string;
  format: CaptureFormat;
  /** Names of the LINKTYPE registry, such as `ETHERNET`. */
  linkTypes: string[];
  packets: number;
  capturedBytes: number;
  wireBytes: number;
  firstAt: string | null;
  lastAt: string | null;
  truncated: boolean;
  /** Where and why reading stopped; null when it did not. */
  truncatedAt: CaptureProblem | null;
  /** Blocks of kinds that are not read, such as statistics. */
  skippedBlocks: number;
  /** Packets that belong to no host. */
  undecoded: number;
  undecodedBecause: Undecoded;
  implausible: number;
  /** By bytes, the most first. */
  hosts: HostDocument[];
  names: NameDocument[];
  conversations: ConversationDocument[];
  leftOut: { hosts: LeftOut; conversations: LeftOut; names: number };
}

export interface HostDocument {
  address: string;
  names: string[];
  packets: number;
  txPackets: number;
  rxPackets: number;
  txBytes: number;
  rxBytes: number;
  class: HostClass;
  /** The package or image registry that one of its names belongs to. */
  registry: string | null;
}

export interface NameDocument {
  name: string;
  source: NameSource;
  addresses: string[];
  registry: string | null;
}

export interface ConversationDocument {
  a: string;
  b: string;
  protocol: string;
  portA: number | null;
  portB: number | null;
  packetsAB: number;
  bytesAB: number;
  packetsBA: number;
  bytesBA: number;
}

export function captureDocument(
  file: string,
  analysis: CaptureAnalysis,
  { format, problem, skippedBlocks }: CaptureEnd,
): CaptureDocument {
  const { undecoded, traffic } = analysis;
  return {
    file,
    format,
    linkTypes: [...new Set(Array.from(analysis.linkTypes, linkTypeName))],
    packets: analysis.packets,
    capturedBytes: analysis.capturedBytes,
    wireBytes: analysis.wireBytes,
    firstAt: isoTime(analysis.firstAt),
    lastAt: isoTime(analysis.lastAt),
    truncated: problem !== undefined,
    truncatedAt: problem ?? null,
    skippedBlocks,
    undecoded: undecoded.linkType + undecoded.notIp + undecoded.malformed,
    undecodedBecause: { ...undecoded },
    implausible: analysis.implausible,
    hosts: hosts(analysis),
    names: analysis.names.list().map((seen) => ({ ...seen, registry: registryOf(seen.name)?.name ?? null })),
    conversations: conversations(analysis),
    leftOut: {
      hosts: { ...traffic.hostsLeftOut },
      conversations: { ...traffic.conversationsLeftOut },
      names: analysis.names.leftOut,
    },
  };
}

function hosts({ traffic, names }: CaptureAnalysis): HostDocument[] {
  return traffic
    .hosts()
    .sort((one, other) => other.txBytes + other.rxBytes - one.txBytes - one.rxBytes)
    .map(({ address, txPackets, rxPackets, txBytes, rxBytes }) => {
      const known = names.namesOf(address);
      const registry = known.map(registryOf).find((found) => found !== undefined);
      return {
        address,
        names: known,
        packets: txPackets + rxPackets,
        txPackets,
        rxPackets,
        txBytes,
        rxBytes,
        class: hostClass(address),
        registry: registry?.name ?? null,
      };
    });
}

function conversations({ traffic }: CaptureAnalysis): ConversationDocument[] {
  const list = Array.from({ length: traffic.conversationCount }, (_, flow) => traffic.conversation(flow));
  return list
    .sort((one, other) => other.bytesAB + other.bytesBA - one.bytesAB - one.bytesBA)
    .map((flow) => ({
      ...flow,
      protocol: protocolName(flow.protocol),
      portA: flow.portA ?? null,
      portB: flow.portB ?? null,
    }));
}

function isoTime(at: EpochMs | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
