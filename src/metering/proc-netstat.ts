/**
 * Octets of the IP layer, from `/proc/PID/net/netstat` (IPv4, group `IpExt`) and `/proc/PID/net/snmp6`
 * (IPv6). They count IP packets without layer 2, merged ones as one, and loopback as well.
 */
import { NetmeterError } from '../errors.js';
import type { Transfer } from '../units.js';

/**
 * @param text content of a file in the format of `/proc/net/netstat` and `/proc/net/snmp`: pairs of lines,
 *   names and values, each beginning with the group's name
 * @throws NetmeterError `unreadable-input` with the line when a pair is incomplete
 */
export function parseIpExtOctets(text: string, path: string): Transfer {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith('IpExt: '));
  if (at < 0) throw new NetmeterError('unreadable-input', `${path}: no group IpExt`);
  const names = lines[at]!.split(' ');
  const values = lines[at + 1]?.split(' ') ?? [];
  if (values[0] !== 'IpExt:' || values.length !== names.length) {
    throw new NetmeterError('unreadable-input', `${path}:${at + 2}: values do not match the names above`);
  }
  const value = (name: string): number => count(values[names.indexOf(name)], name, `${path}:${at + 2}`);
  return { rxBytes: value('InOctets'), txBytes: value('OutOctets') };
}

/** @param text content of `/proc/PID/net/snmp6`: a name and a value per line */
export function parseIp6Octets(text: string, path: string): Transfer {
  const value = (name: string): number => {
    const line = new RegExp(`^${name}[ \\t]+(\\S+)$`, 'm').exec(text);
    return count(line?.[1], name, path);
  };
  return { rxBytes: value('Ip6InOctets'), txBytes: value('Ip6OutOctets') };
}

function count(text: string | undefined, name: string, where: string): number {
  if (text === undefined || !/^\d+$/.test(text)) {
    throw new NetmeterError('unreadable-input', `${where}: no number for ${name}`);
  }
  return Number(text);
}
