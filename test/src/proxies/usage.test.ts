import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ProxyRow, proxyUsage } from '../../../src/proxies/usage.js';

const row = (ownerId: string, rxBytes: number, more: Partial<ProxyRow> = {}): ProxyRow => ({
  ownerId,
  kind: 'step',
  class: 'proxy',
  tier: 'exact',
  proxy: 'apt',
  rxBytes,
  txBytes: 0,
  rxPackets: Math.ceil(rxBytes / 1500),
  txPackets: 0,
  ...more,
});
const wan = (ownerId: string, rxBytes: number) => row(ownerId, rxBytes, { class: 'wan', proxy: undefined });
const owned = (proxy: string, ownerId: string, rows: ProxyRow[]) => {
  return { owner: { proxy, ownerId, interval: { from: 0, to: 1 } }, rows };
};
const short = (usage: ReturnType<typeof proxyUsage>) =>
  usage.map(({ name, delivered, fetched }) => [name, delivered.rxBytes, fetched?.rxBytes]);

test('what clients got is delivered, once; what its owners moved is fetched', () => {
  const all = [
    row('exec:a', 70),
    row('host:b', 30),
    row('relay:c', 100, { kind: 'relay' }),
    wan('exec:a', 9),
  ];
  const own = [
    owned('apt', 'container:1', [wan('container:1', 20)]),
    owned('apt', 'container:2', [wan('container:2', 5)]),
  ];
  assert.equal(short(proxyUsage({ all, own, beyond: new Set() })), [['apt', 100, 25]]);
});

test('where nothing is counted it is not known what was fetched', () => {
  assert.equal(short(proxyUsage({ all: [row('exec:a', 70)], own: [], beyond: new Set() })), [
    ['apt', 70, undefined],
  ]);
});

test('tiers without remotes do not tell what was fetched', () => {
  const own = [owned('apt', 'container:1', [{ ...wan('container:1', 90), tier: 'header' }])];
  assert.equal(short(proxyUsage({ all: [], own, beyond: new Set() })), [['apt', 0, undefined]]);
});

test('what comes over an uplink was fetched over it', () => {
  const usage = proxyUsage({ all: [row('exec:a', 70)], own: [], beyond: new Set(['apt']) });
  assert.equal(short(usage), [['apt', 70, 70]]);
});

test('a proxy behind a proxy: what it fetched is shared by who got it', () => {
  const all = [
    row('exec:a', 80),
    row('container:apt', 60, { proxy: 'squid' }),
    row('host:x', 40, { proxy: 'squid' }),
  ];
  const own = [
    owned('apt', 'container:apt', [row('container:apt', 60, { proxy: 'squid' })]),
    owned('squid', 'host:squid', [wan('host:squid', 50)]),
  ];
  assert.equal(short(proxyUsage({ all, own, beyond: new Set() })), [
    ['apt', 80, 30],
    ['squid', 100, 50],
  ]);
});

test('proxies that ask each other do not go round for ever', () => {
  const [a, b] = [row('host:a', 10, { proxy: 'b' }), row('host:b', 10, { proxy: 'a' })];
  const own = [owned('a', 'host:a', [a]), owned('b', 'host:b', [b])];
  assert.equal(short(proxyUsage({ all: [a, b], own, beyond: new Set() })), [
    ['a', 10, undefined],
    ['b', 10, undefined],
  ]);
});

test.run();
