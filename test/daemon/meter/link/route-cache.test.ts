import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RouteCache } from '../../../../daemon/meter/link/route-cache.js';
import { type Route, UNREACHABLE } from '../../../../src/metering/route.js';

const through = (ifindex: number): Route => ({
  ...UNREACHABLE,
  type: 'unicast',
  ifindex,
  link: `if${ifindex}`,
});
const prefix = (bytes: number[], bits: number) => ({ address: Uint8Array.from(bytes), bits });

/** A cache that counts its look-ups, over ways that a test changes. */
function counted() {
  const ways = new Map<string, Route>();
  const asked: string[] = [];
  const leaving = new Set<number | undefined>();
  const resolve = (address: string): Route => {
    asked.push(address);
    return ways.get(address) ?? UNREACHABLE;
  };
  return { ways, asked, leaving, cache: new RouteCache(resolve, (ifindex) => leaving.has(ifindex)) };
}

test('asks once for each remote', () => {
  const { ways, asked, cache } = counted();
  ways.set('1.1.1.1', through(2));
  assert.is(cache.get('1.1.1.1').link, 'if2');
  assert.is(cache.get('1.1.1.1').link, 'if2');
  assert.is(cache.get('2.2.2.2').type, 'unreachable');
  assert.is(cache.get('2.2.2.2').type, 'unreachable');
  assert.equal(asked, ['1.1.1.1', '2.2.2.2']);
});

test('a changed prefix concerns only what is in it', () => {
  const { asked, cache } = counted();
  for (const address of ['10.1.0.1', '10.2.0.1', '2001:db8::1']) cache.get(address);
  assert.is(cache.forgetPrefix(prefix([10, 3, 0, 0], 16)), false);
  assert.is(cache.forgetPrefix(prefix([10, 2, 0, 0], 16)), true);
  assert.is(cache.forgetPrefix(prefix([0x20, 1, 0x0d, 0xb8, ...new Array(12).fill(0)], 32)), true);
  asked.length = 0;
  for (const address of ['10.1.0.1', '10.2.0.1', '2001:db8::1']) cache.get(address);
  assert.equal(asked, ['10.2.0.1', '2001:db8::1']);
});

test('a changed link concerns only what is routed over it', () => {
  const { ways, asked, cache } = counted();
  ways.set('1.1.1.1', through(2)).set('2.2.2.2', through(3));
  for (const address of ways.keys()) cache.get(address);
  assert.is(cache.forgetLink(9), false);
  assert.is(cache.forgetLink(3), true);
  asked.length = 0;
  for (const address of ways.keys()) cache.get(address);
  assert.equal(asked, ['2.2.2.2']);
});

test('a way over a link that vanished is good until the tick is over, even where there is another', () => {
  const { ways, leaving, cache } = counted();
  ways.set('1.1.1.1', through(2));
  cache.get('1.1.1.1');
  cache.nextTick();
  ways.set('1.1.1.1', through(3));
  leaving.add(2);
  cache.forgetAll();
  assert.is(cache.get('1.1.1.1').link, 'if2');
  assert.is(cache.nextTick(), true);
  leaving.clear();
  assert.is(cache.get('1.1.1.1').link, 'if3');
});

test('a way that leads over another uplink now is the old one until the tick is over', () => {
  const { ways, cache } = counted();
  ways.set('1.1.1.1', { ...through(2), uplink: 'if2' });
  cache.get('1.1.1.1');
  cache.nextTick();
  ways.set('1.1.1.1', { ...through(3), uplink: 'if3' });
  cache.forgetAll();
  assert.is(cache.get('1.1.1.1').link, 'if2');
  assert.is(cache.nextTick(), true);
  assert.is(cache.get('1.1.1.1').link, 'if3');
});

test('a way that is lost is good until the tick is over, a new one at once', () => {
  const { ways, cache } = counted();
  ways.set('1.1.1.1', through(2));
  cache.get('1.1.1.1');
  cache.nextTick();
  ways.clear();
  cache.forgetAll();
  assert.is(cache.get('1.1.1.1').link, 'if2');
  assert.is(cache.nextTick(), true);
  assert.is(cache.get('1.1.1.1').type, 'unreachable');
  assert.is(cache.nextTick(), false);
  ways.set('1.1.1.1', through(7));
  cache.forgetAll();
  assert.is(cache.get('1.1.1.1').link, 'if7');
});

test('any number of remotes takes a bounded amount of memory', () => {
  const { asked, cache } = counted();
  for (let i = 0; i < 20_000; i++) cache.get(`10.0.${i >> 8}.${i & 255}`);
  asked.length = 0;
  cache.get('10.0.0.1');
  cache.get('10.0.78.1');
  assert.equal(asked, ['10.0.0.1']);
});

test.run();
