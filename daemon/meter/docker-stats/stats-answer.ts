import { noTraffic, type Traffic } from '../../../src/units.js';
import { asCount, asRecord } from '../../observe/docker/json-value.js';

/**
 * Counters of all interfaces of a container, from the answer to `GET /containers/<id>/stats`.
 * @returns undefined when there are none: the container is not running, or a figure is no count
 */
export function trafficOfStats(json: unknown): Traffic | undefined {
  const networks = Object.values(asRecord(asRecord(json).networks));
  if (networks.length === 0) return undefined;
  const sum = noTraffic();
  for (const network of networks) {
    const { rx_bytes, tx_bytes, rx_packets, tx_packets } = asRecord(network);
    const counts = [rx_bytes, tx_bytes, rx_packets, tx_packets].map(asCount);
    const [rxBytes, txBytes, rxPackets, txPackets] = counts;
    if (rxBytes === undefined || txBytes === undefined) return undefined;
    if (rxPackets === undefined || txPackets === undefined) return undefined;
    sum.rxBytes += rxBytes;
    sum.txBytes += txBytes;
    sum.rxPackets += rxPackets;
    sum.txPackets += txPackets;
  }
  return sum;
}
