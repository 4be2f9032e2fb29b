/**
 * Broadcast and multicast on receive: one packet on the wire is delivered to every listener, and counted
 * at each of them.
 */
import type { Bytes } from '../units.js';
import type { Remote } from './types.js';

/** What one cgroup's listeners received of a group's packets in one interval. */
export interface GroupDelta {
  cgroupId: number;
  /** Cookie of the network namespace. */
  netns: number;
  ifindex: number;
  remote: Remote;
  rxBytes: Bytes;
  rxPackets: number;
}

/**
 * What the wire carried: per namespace, interface and remote the most that one cgroup received, since a
 * cgroup may listen for a part of the interval only. The sum over several sockets of one cgroup is not
 * told apart from several packets.
 */
export function onceOnTheWire<T extends GroupDelta>(deltas: Iterable<T>): T[] {
  const most = new Map<string, T>();
  for (const delta of deltas) {
    const { address, port, protocol } = delta.remote;
    const key = `${delta.netns} ${delta.ifindex} ${address} ${port} ${protocol}`;
    const known = most.get(key);
    if (known === undefined || delta.rxBytes > known.rxBytes) most.set(key, delta);
  }
  return [...most.values()];
}
