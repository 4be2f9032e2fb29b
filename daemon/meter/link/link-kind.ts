/** What sort of link an interface is, in the words that people use. */

import { isTunnelKind } from '../../../src/metering/tunnels.js';
import type { LinkFacts } from '../../../src/metering/types.js';
import { IFF_LOOPBACK, IFF_LOWER_UP, IFF_POINTOPOINT, IFF_UP, type Link } from './link-message.js';

/** linux/if_arp.h */
const ARPHRD_ETHER = 1;
const ARPHRD_PPP = 512;
const ARPHRD_RAWIP = 519;

/**
 * @param deviceType `DEVTYPE` of the interface's `uevent` file in sysfs, such as `wlan` or `wwan`
 */
export function linkFacts(link: Link, deviceType: string | undefined): LinkFacts {
  const tunnel = isTunnel(link);
  return {
    interface: link.name,
    ifindex: link.ifindex,
    kind: tunnel ? 'tunnel' : kindOf(link, deviceType),
    mtu: link.mtu,
    up: (link.flags & IFF_UP) !== 0 && (link.flags & IFF_LOWER_UP) !== 0,
    tunnel,
  };
}

/** True when what is sent out of the interface crosses another one once more. */
export function isTunnel(link: Link): boolean {
  if (link.hardware === ARPHRD_PPP) return true;
  if (link.kind === undefined || !isTunnelKind(link.kind)) return false;
  // A tap device that is a bridge's port belongs to a virtual machine.
  return !(link.tap && link.master !== undefined);
}

/** True when the link has one other end and no neighbours. */
export function isPointToPoint(link: Link): boolean {
  return (link.flags & IFF_POINTOPOINT) !== 0 || link.hardware === ARPHRD_RAWIP;
}

export function isLoopback(link: Link): boolean {
  return (link.flags & IFF_LOOPBACK) !== 0;
}

function kindOf(link: Link, deviceType: string | undefined): string {
  if (isLoopback(link)) return 'loopback';
  if (link.kind === 'veth' || link.kind === 'bridge') return link.kind;
  if (deviceType === 'wlan') return 'wireless';
  if (deviceType === 'wwan' || link.hardware === ARPHRD_RAWIP) return 'wwan';
  if (link.kind !== undefined) return 'other';
  return link.hardware === ARPHRD_ETHER ? 'ethernet' : 'other';
}
