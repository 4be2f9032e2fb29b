import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Changes, readChanges } from '../../../../daemon/meter/link/change-feed.js';
import {
  parseLink,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
} from '../../../../daemon/meter/link/link-message.js';
import {
  eachAttribute,
  eachMessage,
  encodeMessage,
  readText,
  readU32,
  readU64,
  u32,
} from '../../../../daemon/meter/link/netlink-message.js';
import { parseRootQueue, queueRequest, RTM_GETQDISC } from '../../../../daemon/meter/link/qdisc-message.js';
import { parseRoute, RTM_GETROUTE, routeRequest } from '../../../../daemon/meter/link/route-message.js';
import { parseStats, RTM_GETSTATS, statsRequest } from '../../../../daemon/meter/link/stats-message.js';
import { NETLINK_ROUTE, NetlinkSocket } from '../../../../daemon/sys/netlink-socket.js';
import { NetmeterError } from '../../../../src/errors.js';

const NLM_F_DUMP_REQUEST = 0x301;
const NLMSG_DONE = 3;

/** The first datagram of what this machine's kernel answers to a dump. */
function recorded(type: number, header: Uint8Array): Uint8Array {
  const socket = NetlinkSocket.open({ protocol: NETLINK_ROUTE });
  try {
    socket.send(encodeMessage(type, NLM_F_DUMP_REQUEST, 1, header));
    return (socket.receive() as Uint8Array).slice();
  } finally {
    socket.close();
  }
}

const parsers = {
  links: { datagram: recorded(RTM_GETLINK, new Uint8Array(16)), parse: parseLink },
  routes: { datagram: recorded(RTM_GETROUTE, routeRequest(2)), parse: parseRoute },
  stats: { datagram: recorded(RTM_GETSTATS, statsRequest(0)), parse: parseStats },
  queues: {
    datagram: recorded(RTM_GETQDISC, queueRequest()),
    parse: (payload: Parameters<typeof parseRootQueue>[0]) => parseRootQueue(payload, () => true),
  },
};

function parseAll(
  datagram: Uint8Array,
  parse: (payload: Parameters<typeof parseLink>[0]) => unknown,
): unknown[] {
  const found: unknown[] = [];
  eachMessage(datagram, ({ type, payload }) => {
    if (type !== NLMSG_DONE) found.push(parse(payload));
  });
  return found;
}

test('what is encoded can be read', () => {
  const datagram = encodeMessage(7, 5, 99, Uint8Array.of(1, 2, 3, 4, 5), [
    [1, Buffer.from('odd\0')],
    [2 | 0x8000, u32(0xdeadbeef)],
    [3, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0)],
  ]);
  const seen: unknown[] = [];
  eachMessage(datagram, ({ type, flags, sequence, payload }) => {
    seen.push([type, flags, sequence]);
    eachAttribute(payload, 5, (attribute, value) => {
      if (attribute === 1) seen.push(readText(value));
      if (attribute === 2) seen.push(readU32(value));
      if (attribute === 3) seen.push(readU64(value));
    });
  });
  assert.equal(seen, [[7, 5, 99], 'odd', 0xdeadbeef, 2 * 2 ** 32 + 1]);
});

for (const [name, { datagram, parse }] of Object.entries(parsers)) {
  test(`${name}: what the kernel sends is read whole`, () => {
    assert.ok(parseAll(datagram, parse).length > 0);
  });

  test(`${name}: cut off anywhere, it is an error or a shorter list`, () => {
    const whole = parseAll(datagram, parse);
    for (let length = 0; length < datagram.length; length++) {
      try {
        const found = parseAll(datagram.slice(0, length), parse);
        assert.equal(found, whole.slice(0, found.length));
      } catch (error) {
        assert.instance(error, NetmeterError);
        assert.is((error as NetmeterError).code, 'unreadable-input');
      }
    }
  });

  test(`${name}: damaged anywhere, it is a value or an error, and ends`, () => {
    const damage = fc.array(fc.tuple(fc.nat(datagram.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 8,
    });
    void fc.assert(
      fc.property(damage, (bytes) => {
        const damaged = datagram.slice();
        for (const [at, value] of bytes) damaged[at] = value;
        try {
          parseAll(damaged, parse);
        } catch (error) {
          assert.is((error as NetmeterError).code, 'unreadable-input');
        }
      }),
      { numRuns: 500 },
    );
  });
}

test('any bytes at all', () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const { parse } of Object.values(parsers)) {
        try {
          parseAll(bytes, parse);
        } catch (error) {
          assert.is((error as NetmeterError).code, 'unreadable-input');
        }
      }
    }),
  );
});

test('an announcement that cannot be read makes everything that was learnt doubtful', () => {
  const nothing = (): Changes => ({ links: [], routes: [], addresses: false, everything: false });
  const whole = encodeMessage(RTM_DELLINK, 0, 0, new Uint8Array(16), [[3, Buffer.from('eth9\0')]]);
  const read = nothing();
  readChanges(whole, read);
  assert.equal([read.everything, read.links[0]?.gone, read.links[0]?.link.name], [false, true, 'eth9']);
  const doubtful = nothing();
  readChanges(whole.slice(0, whole.length - 4), doubtful);
  assert.is(doubtful.everything, true);
});

test('a port that leaves its bridge is no link that ends', () => {
  const changes: Changes = { links: [], routes: [], addresses: false, everything: false };
  const header = new Uint8Array(16);
  header[0] = 7; // AF_BRIDGE
  readChanges(encodeMessage(RTM_DELLINK, 0, 0, header), changes);
  assert.equal(changes, { links: [], routes: [], addresses: false, everything: false });
});

test("a wireless driver's event names no link, and changes none", () => {
  const changes: Changes = { links: [], routes: [], addresses: false, everything: false };
  const IFLA_WIRELESS = 11;
  readChanges(encodeMessage(RTM_NEWLINK, 0, 0, new Uint8Array(16), [[IFLA_WIRELESS, u32(0)]]), changes);
  assert.equal(changes, { links: [], routes: [], addresses: false, everything: false });
});

test.run();
