import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isTunnelKind, tunnelHeaderBytes } from '../../../src/metering/tunnels.js';

/** Figures as the documentation of the protocols gives them: 1500 − 1450 and so on. */
const overheads: [kind: string, version: 4 | 6, bytes: number][] = [
  ['vxlan', 4, 50],
  ['vxlan', 6, 70],
  ['geneve', 4, 50],
  ['wireguard', 4, 60],
  ['wireguard', 6, 80],
  ['gre', 4, 24],
  ['ip6gre', 6, 44],
  ['gretap', 4, 38],
  ['ipip', 4, 20],
  ['sit', 4, 20],
  ['ip6tnl', 6, 40],
];

for (const [kind, outerVersion, bytes] of overheads) {
  test(`${kind} over IPv${outerVersion} takes ${bytes} bytes a packet`, () => {
    assert.is(tunnelHeaderBytes({ kind, outerVersion }), bytes);
    assert.ok(isTunnelKind(kind));
  });
}

test('GRE fields take four bytes each', () => {
  assert.is(tunnelHeaderBytes({ kind: 'gre', outerVersion: 4, greFields: 2 }), 32);
});

test('what a process wraps, or what varies, is not derived', () => {
  for (const kind of ['tun', 'ppp', 'xfrm']) {
    assert.is(tunnelHeaderBytes({ kind, outerVersion: 4 }), undefined);
    assert.ok(isTunnelKind(kind));
  }
});

test('other kinds are no tunnels', () => {
  for (const kind of ['veth', 'bridge', 'vlan', 'bond', 'dummy', 'macvlan', ''])
    assert.not(isTunnelKind(kind));
});

test.run();
