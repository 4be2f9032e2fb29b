import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isPointToPoint, linkFacts } from '../../../../daemon/meter/link/link-kind.js';
import { parseLink } from '../../../../daemon/meter/link/link-message.js';
import { eachMessage, encodeMessage, type Span, u32 } from '../../../../daemon/meter/link/netlink-message.js';
import { routeFacts, tellsOfLinks } from '../../../../daemon/meter/link/route-facts.js';
import { parseRoute, type RouteEntry } from '../../../../daemon/meter/link/route-message.js';

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTA_VIA = 18;

type Attributes = [number, Uint8Array][];

/** One message through the encoder, as its payload. */
function payloadOf(header: Uint8Array, attributes: Attributes): Span {
  let span: Span | undefined;
  eachMessage(encodeMessage(0, 0, 0, header, attributes), ({ payload }) => {
    span = payload;
  });
  return span!;
}

/** struct rtmsg */
function route(
  family: number,
  bits: number,
  type: number,
  table: number,
  attributes: Attributes,
): RouteEntry {
  const header = Uint8Array.of(family, bits, 0, 0, table, 0, 0, type, 0, 0, 0, 0);
  return parseRoute(payloadOf(header, attributes));
}

const gateway: [number, Uint8Array] = [RTA_GATEWAY, Uint8Array.of(192, 168, 1, 1)];

test('a route through a gateway, in a table beyond 255', () => {
  const parsed = route(2, 24, 1, 252, [
    [RTA_TABLE, u32(51820)],
    [RTA_DST, Uint8Array.of(10, 1, 2, 0)],
    gateway,
    [RTA_OIF, u32(3)],
  ]);
  assert.equal(parsed, {
    type: 'unicast',
    table: 51820,
    destination: { address: Uint8Array.of(10, 1, 2, 0), bits: 24 },
    hops: [{ ifindex: 3, gateway: '192.168.1.1' }],
  });
});

test('an IPv4 route through an IPv6 gateway', () => {
  const via = Uint8Array.of(10, 0, 0xfe, 0x80, ...new Array(13).fill(0), 1);
  const parsed = route(2, 0, 1, 254, [
    [RTA_OIF, u32(3)],
    [RTA_VIA, via],
  ]);
  assert.equal(parsed.hops, [{ ifindex: 3, gateway: 'fe80::1' }]);
});

test('a route with several next hops', () => {
  // struct rtnexthop: length, flags, hops, ifindex; the first has a gateway.
  const withGateway = [16, 0, 0, 0, 2, 0, 0, 0, 8, 0, RTA_GATEWAY, 0, 192, 168, 1, 1];
  const without = [8, 0, 0, 0, 5, 0, 0, 0];
  const parsed = route(2, 0, 1, 254, [[RTA_MULTIPATH, Uint8Array.from([...withGateway, ...without])]]);
  assert.equal(parsed.hops, [
    { ifindex: 2, gateway: '192.168.1.1' },
    { ifindex: 5, gateway: undefined },
  ]);
});

test('types of routes, known and unknown', () => {
  const types = [1, 2, 3, 4, 5, 6, 7, 8, 9, 77].map((type) => route(2, 0, type, 254, []).type);
  assert.equal(types, [
    'unicast',
    'local',
    'broadcast',
    'local',
    'multicast',
    'unreachable',
    'unreachable',
    'unreachable',
    'unreachable',
    'unreachable',
  ]);
});

test('what the tables say about links', () => {
  const linkLocal = Uint8Array.of(0xfe, 0x80, ...new Array(14).fill(0));
  const entries = [
    route(2, 0, 1, 254, [gateway, [RTA_OIF, u32(2)]]),
    route(2, 24, 1, 254, [
      [RTA_DST, Uint8Array.of(192, 168, 1, 0)],
      [RTA_OIF, u32(2)],
    ]),
    route(2, 0, 1, 254, [[RTA_OIF, u32(3)]]),
    route(2, 32, 2, 255, [
      [RTA_DST, Uint8Array.of(192, 168, 1, 7)],
      [RTA_OIF, u32(4)],
    ]),
    route(10, 64, 1, 254, [
      [RTA_DST, linkLocal],
      [RTA_OIF, u32(5)],
    ]),
  ];
  assert.equal(entries.map(tellsOfLinks), [true, true, true, false, false]);
  const facts = routeFacts(entries);
  assert.equal([...facts.keys()], [2, 3]);
  assert.equal(facts.get(2)?.hasGateway, true);
  assert.equal(facts.get(2)?.connected, [{ address: Uint8Array.of(192, 168, 1, 0), bits: 24 }]);
  assert.equal([facts.get(3)?.hasGateway, facts.get(3)?.defaultWithoutGateway], [false, true]);
});

/** struct ifinfomsg of a link without more than a name, and perhaps a kind. */
function link(hardware: number, flags: number, kind?: string) {
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint16(2, hardware, true);
  view.setInt32(4, 9, true);
  view.setUint32(8, flags, true);
  const attributes: Attributes = [[3, Buffer.from('x0\0')]];
  const name = Buffer.from(`${kind}\0`);
  const info = Buffer.concat([Uint8Array.of(4 + name.length, 0, 1, 0), name]);
  if (kind !== undefined) attributes.push([18, info]);
  return parseLink(payloadOf(header, attributes));
}

const UP = 0x1 | 0x10000;
const POINT_TO_POINT = 0x10;

const kinds: [
  about: string,
  hardware: number,
  flags: number,
  kind: string | undefined,
  type: string | undefined,
  is: string,
  tunnel: boolean,
][] = [
  ['a wired card', 1, UP, undefined, undefined, 'ethernet', false],
  ['a wireless card', 1, UP, undefined, 'wlan', 'wireless', false],
  ['a modem with Ethernet frames', 1, UP, undefined, 'wwan', 'wwan', false],
  ['a modem with raw packets', 519, UP, undefined, undefined, 'wwan', false],
  ['loopback', 772, UP | 0x8, undefined, undefined, 'loopback', false],
  ['a bridge', 1, UP, 'bridge', 'bridge', 'bridge', false],
  ['a pair', 1, UP, 'veth', undefined, 'veth', false],
  ['WireGuard', 0xfffe, UP | POINT_TO_POINT, 'wireguard', 'wireguard', 'tunnel', true],
  ['PPP', 512, UP | POINT_TO_POINT, 'ppp', 'ppp', 'tunnel', true],
  ['PPP that an old daemon made', 512, UP | POINT_TO_POINT, undefined, undefined, 'tunnel', true],
  ['a bond', 1, UP, 'bond', 'bond', 'other', false],
  ['InfiniBand', 32, UP, undefined, undefined, 'other', false],
];

for (const [about, hardware, flags, kind, deviceType, expected, tunnel] of kinds) {
  test(`kind of ${about}`, () => {
    const facts = linkFacts(link(hardware, flags, kind), deviceType);
    assert.equal([facts.kind, facts.tunnel, facts.up], [expected, tunnel, true]);
  });
}

test('a link that is down, or has no carrier', () => {
  assert.is(linkFacts(link(1, 0), undefined).up, false);
  assert.is(linkFacts(link(1, 1), undefined).up, false);
});

test('links with one other end', () => {
  assert.equal([link(512, POINT_TO_POINT), link(519, 0), link(1, 0)].map(isPointToPoint), [
    true,
    true,
    false,
  ]);
});

test.run();
