import type { Bytes, Traffic } from '../units.js';

const MTU = 1500;
/** IPv4 20, TCP 20, and 12 of timestamps, which Linux uses with everyone (RFC 7323). */
const HEADERS = 52;

/**
 * What a transfer would have been on a link of the usual MTU, received and sent. Packets on loopback are up to 64 kB
 * large and have fewer headers; what was counted in packets that fit is what it is.
 */
export function onLink({ rxBytes, rxPackets, txBytes, txPackets }: Traffic): Bytes {
  return oneWay(rxBytes, rxPackets) + oneWay(txBytes, txPackets);
}

function oneWay(bytes: Bytes, packets: number): Bytes {
  if (packets === 0 || bytes / packets <= MTU) return bytes;
  const content = bytes - packets * HEADERS;
  return content + Math.ceil(content / (MTU - HEADERS)) * HEADERS;
}
