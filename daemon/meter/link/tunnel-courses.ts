import type { TunnelCourse } from '../../../src/metering/carried.js';
import { tunnelHeaderBytes } from '../../../src/metering/tunnels.js';
import type { HostNetwork } from './host-network.js';
import { isTunnel } from './link-kind.js';
import type { Link } from './link-message.js';

/** The tunnels among the uplinks, and the links below them. */
export function tunnelCourses(network: HostNetwork): TunnelCourse[] {
  const uplinks = network.uplinks();
  const plain = uplinks.filter((link) => !isTunnel(link));
  // A VPN's device does not tell where its daemon sends to; with one other uplink there is no question.
  const only = plain.length === 1 ? plain[0]!.name : undefined;
  return uplinks.filter(isTunnel).map((link) => ({
    tunnel: link.name,
    over: linkBelow(link, network) ?? only,
    headerBytes: headerBytesOf(link),
  }));
}

function linkBelow({ tunnelEnds }: Link, network: HostNetwork): string | undefined {
  if (tunnelEnds?.lowerIfindex !== undefined) return network.link(tunnelEnds.lowerIfindex)?.name;
  return tunnelEnds?.remote === undefined ? undefined : network.route(tunnelEnds.remote).link;
}

function headerBytesOf({ kind = '', tunnelEnds }: Link): number | undefined {
  const six = tunnelEnds?.remote?.includes(':') === true || kind.startsWith('ip6');
  return tunnelHeaderBytes({ kind, outerVersion: six ? 6 : 4, greFields: tunnelEnds?.greFields ?? 0 });
}
