import { readFileSync } from 'node:fs';
import { lab } from './facts.js';

const ETHERNET_HEADER = 14;

/** The kernel's own counters of the metered link, from the host's view. */
export interface LinkCounters {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
}

/** Raw values of /sys/class/net/<uplink>/statistics. */
export function uplinkCounters(): LinkCounters {
  const read = (name: string): number =>
    Number(readFileSync(`/sys/class/net/${lab().uplink}/statistics/${name}`, 'utf8'));
  return {
    rxBytes: read('rx_bytes'),
    txBytes: read('tx_bytes'),
    rxPackets: read('rx_packets'),
    txPackets: read('tx_packets'),
  };
}

/** What a link carried between two readings. */
export function difference(after: LinkCounters, before: LinkCounters): LinkCounters {
  return {
    rxBytes: after.rxBytes - before.rxBytes,
    txBytes: after.txBytes - before.txBytes,
    rxPackets: after.rxPackets - before.rxPackets,
    txPackets: after.txPackets - before.txPackets,
  };
}

/**
 * The L3 bytes in a difference of `uplinkCounters()`: this veth, with GRO on, counts packets without their
 * Ethernet header on receive and with it on transmit. test/lab/lab.test.ts proves it with a capture.
 */
export function withoutEthernet(raw: LinkCounters): LinkCounters {
  return { ...raw, txBytes: raw.txBytes - ETHERNET_HEADER * raw.txPackets };
}

/**
 * Packets that IP took in on this network namespace since boot, after GRO merged them: `Ip InReceives` of
 * /proc/net/snmp, whose text is the argument.
 */
export function ipInReceives(snmp = readFileSync('/proc/net/snmp', 'utf8')): number {
  const [names, values] = snmp.split('\n').filter((line) => line.startsWith('Ip:'));
  const at = names?.split(' ').indexOf('InReceives') ?? -1;
  const value = Number(values?.split(' ')[at]);
  if (!Number.isInteger(value)) throw new Error('no Ip InReceives in /proc/net/snmp');
  return value;
}
