import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAddress } from '../../../src/metering/address.js';
import {
  classify,
  type Placement,
  type RemoteEnd,
  type Surroundings,
} from '../../../src/metering/classify.js';
import { proxyLookup } from '../../../src/metering/proxy-endpoints.js';
import {
  type LinkView,
  type Route,
  type RouteType,
  routeThrough,
  UNREACHABLE,
} from '../../../src/metering/route.js';

/** A laptop: wireless with a gateway, a tethered phone, a VPN, PPP, Docker's bridge and a second network. */
const link = (ifindex: number, name: string, more: Partial<LinkView> = {}): LinkView => ({
  ifindex,
  name,
  tunnel: false,
  pointToPoint: false,
  uplink: false,
  hasGateway: false,
  defaultWithoutGateway: false,
  connected: [],
  ...more,
});
const prefix = (address: string, bits: number) => ({ address: parseAddress(address)!, bits });
const wlan0 = link(2, 'wlan0', { uplink: true, hasGateway: true, connected: [prefix('192.168.1.0', 24)] });
const usb0 = link(3, 'usb0', { uplink: true, hasGateway: true, connected: [prefix('172.20.10.0', 28)] });
const docker0 = link(4, 'docker0', { connected: [prefix('172.17.0.0', 16)] });
const tun0 = link(5, 'tun0', { uplink: true, tunnel: true, pointToPoint: true });
const wwan0 = link(6, 'wwan0', { uplink: true, pointToPoint: true, defaultWithoutGateway: true });
const proxied = link(7, 'eth1', {
  uplink: true,
  defaultWithoutGateway: true,
  connected: [prefix('10.9.0.0', 24)],
});
const lo = link(1, 'lo');
const links = [lo, wlan0, usb0, docker0, tun0, wwan0, proxied];

/** The routing table, most specific first. */
const table: [destination: string, bits: number, type: RouteType, via: LinkView, gateway?: string][] = [
  ['192.168.1.7', 32, 'local', lo],
  ['172.17.0.1', 32, 'local', lo],
  ['169.254.20.10', 32, 'local', lo],
  ['2001:db8:1::7', 128, 'local', lo],
  ['192.168.1.255', 32, 'broadcast', wlan0],
  ['192.168.1.0', 24, 'unicast', wlan0],
  ['172.17.0.0', 16, 'unicast', docker0],
  ['10.77.0.0', 16, 'unicast', docker0, '172.17.0.5'],
  ['10.20.0.0', 16, 'unicast', tun0],
  ['10.30.0.0', 16, 'unicast', wlan0, '192.168.1.254'],
  ['100.64.0.0', 10, 'unicast', wwan0],
  ['10.9.0.0', 24, 'unicast', proxied],
  ['10.9.0.0', 16, 'unicast', proxied],
  ['203.0.113.0', 24, 'unreachable', lo],
  ['2001:db8:1::', 64, 'unicast', wlan0],
  ['::', 0, 'unicast', wlan0, 'fe80::1'],
  ['0.0.0.0', 0, 'unicast', wlan0, '192.168.1.1'],
];

function route(address: string): Route {
  const bytes = parseAddress(address)!;
  for (const [destination, bits, type, via, gateway] of table) {
    const network = parseAddress(destination)!;
    const bit = (of: Uint8Array, at: number): number => (of[at >> 3]! >> (7 - (at & 7))) & 1;
    const matches =
      network.length === bytes.length &&
      Array.from({ length: bits }, (_, at) => at).every((at) => bit(bytes, at) === bit(network, at));
    if (matches) return routeThrough(type, via, address, gateway);
  }
  return UNREACHABLE;
}

const around: Surroundings = {
  route,
  link: (ifindex) => links.find((candidate) => candidate.ifindex === ifindex),
  proxyAt: proxyLookup([
    { name: 'apt-cache', address: '172.17.0.9', port: 3142, protocol: 'tcp' },
    { name: 'squid', address: undefined, port: 3128, protocol: 'tcp' },
    { name: 'local-npm', address: '127.0.0.1', port: 4873, protocol: 'tcp' },
    { name: 'office', address: '192.168.1.50', port: 8080, protocol: 'tcp' },
    { name: 'far', address: '10.30.0.4', port: 80, protocol: 'tcp' },
    { name: 'six', address: '2001:DB8:1:0::50', port: 80, protocol: 'tcp' },
  ]),
  isEngineNetwork: (address) => address.startsWith('10.0.1.'),
};

interface Case {
  about: string;
  address: string;
  port?: number;
  from?: Partial<RemoteEnd>;
  is: [Placement['class'], link?: string | undefined, proxy?: string];
}

/** A container's socket, in a namespace of its own, through its own eth0. */
const container: Partial<RemoteEnd> = { hostNetns: false, ifindex: 2 };
const host = (own: LinkView): Partial<RemoteEnd> => ({ hostNetns: true, ifindex: own.ifindex });

const cases: Case[] = [
  { about: 'the internet from a container', address: '1.1.1.1', is: ['wan', 'wlan0'] },
  { about: 'the internet over IPv6', address: '2606:4700::1111', is: ['wan', 'wlan0'] },
  { about: 'a private address behind a gateway', address: '10.30.0.9', is: ['wan', 'wlan0'] },
  { about: 'a private address in a VPN', address: '10.20.0.9', is: ['wan', 'tun0'] },
  { about: 'a printer', address: '192.168.1.20', is: ['lan', 'wlan0'] },
  { about: 'a neighbour over IPv6', address: '2001:db8:1::20', is: ['lan', 'wlan0'] },
  { about: 'another container', address: '172.17.0.3', is: ['lan'] },
  { about: 'an overlay network that the host has no route into', address: '10.0.1.5', is: ['lan'] },
  { about: 'behind a container that is a gateway', address: '10.77.1.1', is: ['wan'] },
  { about: "the bridge's own address", address: '172.17.0.1', is: ['local'] },
  { about: "the host's own address on the uplink", address: '192.168.1.7', is: ['local'] },
  { about: "the host's own IPv6 address", address: '2001:db8:1::7', is: ['local'] },
  { about: "a container's own loopback", address: '127.0.0.1', from: { ifindex: 1 }, is: ['local'] },
  {
    about: "a container's own address, through its loopback",
    address: '172.17.0.2',
    from: { ifindex: 1 },
    is: ['local'],
  },
  { about: 'a loopback address through any interface', address: '127.0.0.53', is: ['local'] },
  { about: 'nowhere', address: '203.0.113.9', is: ['lan'] },

  { about: 'the internet from the host', address: '1.1.1.1', from: host(wlan0), is: ['wan', 'wlan0'] },
  {
    about: 'the internet by the phone, which another table chose',
    address: '1.1.1.1',
    from: host(usb0),
    is: ['wan', 'usb0'],
  },
  { about: "the phone's own address", address: '172.20.10.1', from: host(usb0), is: ['lan', 'usb0'] },
  { about: 'a VPN that a mark chose', address: '1.1.1.1', from: host(tun0), is: ['wan', 'tun0'] },
  {
    about: 'a modem, which has no neighbours',
    address: '100.70.1.1',
    from: host(wwan0),
    is: ['wan', 'wwan0'],
  },
  { about: 'a modem that another table chose', address: '1.1.1.1', from: host(wwan0), is: ['wan', 'wwan0'] },
  { about: 'a container, from the host', address: '172.17.0.3', from: host(docker0), is: ['lan'] },
  {
    about: 'a bridge that the route does not name',
    address: '192.168.1.9',
    from: host(docker0),
    is: ['lan'],
  },
  {
    about: 'a link with a default route and no gateway',
    address: '10.9.7.7',
    from: host(proxied),
    is: ['wan', 'eth1'],
  },
  { about: 'a neighbour on such a link', address: '10.9.0.7', from: host(proxied), is: ['lan', 'eth1'] },
  {
    about: 'a link that is gone',
    address: '1.1.1.1',
    from: { hostNetns: true, ifindex: 99 },
    is: ['wan', 'wlan0'],
  },
  { about: "the host's own loopback", address: '127.0.0.1', from: host(lo), is: ['local'] },

  { about: 'link-local, from the host', address: '169.254.7.7', from: host(wlan0), is: ['lan', 'wlan0'] },
  { about: 'link-local, from a container', address: '169.254.169.254', is: ['lan'] },
  { about: 'a link-local address that is the host’s own', address: '169.254.20.10', is: ['local'] },
  { about: 'an IPv6 router', address: 'fe80::1', from: host(wlan0), is: ['lan', 'wlan0'] },
  {
    about: 'a multicast group, from the host',
    address: '224.0.0.251',
    from: host(wlan0),
    is: ['lan', 'wlan0'],
  },
  { about: 'a multicast group, from a container', address: 'ff02::fb', is: ['lan'] },
  { about: 'everybody', address: '255.255.255.255', from: host(wlan0), is: ['lan', 'wlan0'] },
  {
    about: "a network's broadcast address, from the host",
    address: '192.168.1.255',
    from: host(wlan0),
    is: ['lan', 'wlan0'],
  },
  { about: "a network's broadcast address, from a container", address: '192.168.1.255', is: ['lan'] },
  {
    about: 'a multicast packet from a neighbour',
    address: '192.168.1.20',
    from: { ...host(wlan0), packetType: 'multicast' },
    is: ['lan', 'wlan0'],
  },
  {
    about: 'a broadcast from no address',
    address: '0.0.0.0',
    from: { ...host(wlan0), packetType: 'broadcast' },
    is: ['lan', 'wlan0'],
  },

  { about: "a proxy's container", address: '172.17.0.9', port: 3142, is: ['proxy', undefined, 'apt-cache'] },
  { about: 'another port of it', address: '172.17.0.9', port: 80, is: ['lan'] },
  {
    about: 'a published proxy by the bridge’s address',
    address: '172.17.0.1',
    port: 3128,
    is: ['proxy', undefined, 'squid'],
  },
  {
    about: 'a published proxy by another own address',
    address: '192.168.1.7',
    port: 3128,
    is: ['proxy', undefined, 'squid'],
  },
  {
    about: 'a published proxy, from the host by loopback',
    address: '127.0.0.1',
    port: 3128,
    from: host(lo),
    is: ['proxy', undefined, 'squid'],
  },
  { about: 'the same port elsewhere', address: '192.168.1.20', port: 3128, is: ['lan', 'wlan0'] },
  { about: 'the same port on the internet', address: '1.1.1.1', port: 3128, is: ['wan', 'wlan0'] },
  {
    about: 'the same port by UDP',
    address: '172.17.0.1',
    port: 3128,
    from: { protocol: 'udp' },
    is: ['local'],
  },
  {
    about: "a proxy on the host's loopback",
    address: '127.0.0.1',
    port: 4873,
    from: host(lo),
    is: ['proxy', undefined, 'local-npm'],
  },
  {
    about: "the same port on a container's own loopback",
    address: '127.0.0.1',
    port: 4873,
    from: { ifindex: 1 },
    is: ['local'],
  },
  { about: 'a proxy in the office', address: '192.168.1.50', port: 8080, is: ['proxy', 'wlan0', 'office'] },
  { about: 'a proxy beyond a gateway', address: '10.30.0.4', port: 80, is: ['proxy', 'wlan0', 'far'] },
  { about: 'a proxy over IPv6', address: '2001:db8:1::50', port: 80, is: ['proxy', 'wlan0', 'six'] },
  {
    about: "a proxy's client, whose port is the proxy's own",
    address: '172.17.0.9',
    port: 3142,
    from: { serviceIsLocal: true },
    is: ['lan'],
  },
];

for (const { about, address, port = 443, from = {}, is } of cases) {
  test(about, () => {
    const remote: RemoteEnd = {
      address,
      port,
      protocol: 'tcp',
      packetType: 'unicast',
      ...container,
      ...from,
    } as RemoteEnd;
    const [expected, crossed, proxy] = is;
    const placed = classify(remote, around);
    assert.equal(placed, { class: expected, link: crossed, proxy });
  });
}

test("servers in another namespace that talk to the host's own address", () => {
  // A lab's server sees the host's uplink address, behind which everything here is.
  const remote = { address: '192.168.1.7', port: 0, protocol: 'tcp', packetType: 'unicast' } as const;
  assert.is(classify({ ...remote, hostNetns: false, ifindex: 2 }, around).class, 'local');
});

test('endpoints without a valid address are nobody', () => {
  const lookup = proxyLookup([{ name: 'x', address: 'squid', port: 80, protocol: 'tcp' }]);
  assert.is(lookup({ address: 'squid', port: 80, protocol: 'tcp' }, true), undefined);
});

test('the first of two endpoints at the same place wins', () => {
  const at = { address: '1.2.3.4', port: 80, protocol: 'tcp' } as const;
  const lookup = proxyLookup([
    { name: 'a', ...at },
    { name: 'b', ...at },
  ]);
  assert.is(lookup(at, false), 'a');
});

test.run();
