/** What must have crossed the wire, from what the far side counted. */
import * as assert from 'uvu/assert';
import type { StatusDocument } from '../../../src/protocol/documents.js';
import { type LinkCounters, type PathCount, withoutEthernet } from '../harness/index.js';

const MTU = 1500;
/** IPv4 20, TCP 20, and 12 of timestamps, which Linux uses with everyone (RFC 7323). */
const TCP_V4_HEADERS = 52;
const TCP_V6_HEADERS = 72;

/**
 * Bytes that a client received over TCP for what the server's socket sent: full segments, with their
 * headers, and the two packets that open and close without payload.
 */
export function receivedOverTcp(count: PathCount, version: 4 | 6 = 4): number {
  const headers = version === 4 ? TCP_V4_HEADERS : TCP_V6_HEADERS;
  const segments = Math.ceil(count.socketSent / (MTU - headers)) + 2 * count.requests;
  return count.socketSent + segments * headers;
}

export function assertWithin(actual: number, expected: number, share: number, what: string): void {
  const off = Math.abs(actual - expected) / expected;
  assert.ok(off <= share, `${what}: ${actual} bytes, expected ${expected}: ${(off * 100).toFixed(3)} % off`);
}

/**
 * Holds what netmeter says of the uplink against the kernel's own counters, read by the test: at most one
 * in ten thousand bytes without an owner, no packet but ARP and ICMPv6.
 */
export function assertAddsUp(
  document: StatusDocument,
  raw: LinkCounters,
  link: string,
  groupPackets: number,
): void {
  const { reconciliation } = document.links.find(({ name }) => name === link) ?? {};
  if (!reconciliation) throw new Error(`status knows no link ${link}`);
  const wire = withoutEthernet(raw);
  const wireBytes = wire.rxBytes + wire.txBytes;
  assert.ok(wireBytes >= 20_000_000, `${wireBytes} bytes are too few to prove anything`);
  assertWithin(reconciliation.attributedBytes, wireBytes, 1e-4, 'owners against the uplink');
  const packets = wire.rxPackets + wire.txPackets;
  const missing = packets - reconciliation.attributedPackets;
  assert.ok(
    missing >= 0 && missing <= groupPackets,
    `${missing} packets have no owner, of which ARP and ICMPv6 are ${groupPackets}`,
  );
  // A daemon that never lived long enough to tell what the driver adds leaves the bytes as they were counted.
  const counted = reconciliation.txHeaderBytes === null ? raw.rxBytes + raw.txBytes : wireBytes;
  assert.is(reconciliation.linkBytes, counted, "netmeter's link bytes against the kernel's");
}
