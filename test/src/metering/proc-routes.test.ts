import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAddress } from '../../../src/metering/address.js';
import { connectedV4, connectedV6 } from '../../../src/metering/proc-routes.js';
import type { Prefix } from '../../../src/metering/route.js';

// Lines of /proc/net/route and /proc/net/ipv6_route of Linux 6.18, written down by hand: an uplink with a
// default route, a bridge, a route through a gateway.
const V4 = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
br0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t806433C6\t010012AC\t0003\t0\t0\t0\t80FFFFFF\t0\t0\t0
`;
const V6 = `fd005152002000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000005 00000000 00000001    br0
fd005151020000000000000000000000 30 00000000000000000000000000000000 00 fd005151000000000000000000000002 00000400 00000003 00000000 00000003    eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo
`;

function texts(prefixes: Prefix[]): string[] {
  return prefixes.map(
    ({ address, bits }) => `${formatAddress(address, 0, address.length as 4 | 16)}/${bits}`,
  );
}

test('connected IPv4 networks are those without a gateway', () => {
  assert.equal(texts(connectedV4(V4)), ['172.18.0.0/16', '192.168.2.0/24']);
});

test('connected IPv6 networks are those without a gateway, loopback left out', () => {
  assert.equal(texts(connectedV6(V6)), ['fd00:5152:20::/64']);
});

test('what is cut off, empty or something else has no networks', () => {
  for (const text of ['', 'Iface', V4.slice(0, 90), 'garbage\nmore garbage\n', '\u0000\u0000\n'.repeat(50)]) {
    assert.equal(connectedV4(text), []);
    assert.equal(connectedV6(text), []);
  }
});

test.run();
