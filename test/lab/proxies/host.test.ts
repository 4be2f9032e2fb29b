// Squid on the host: found by itself, what it delivers against what it fetches.
import * as assert from 'uvu/assert';
import type { ReportDocument } from '../../../src/protocol/documents.js';
import { finishedBuild, settledStatus, status, stepNamed } from '../exactness/documents.js';
import { assertAddsUp, assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  captureUplink,
  difference,
  eventually,
  lab,
  labSuite,
  originPath,
  run,
  startNetmeter,
  uplinkCounters,
} from '../harness/index.js';
import { bothWays, proxyNamed, proxyUp } from './documents.js';
import { startSquid } from './squid.js';

const test = labSuite('proxies on the host');
const MB = 1_000_000;
const PORT = 13128;
/** The host, as a step of Engine 28's builds sees it. */
const HOST = '172.28.0.1';

test('squid delivers what it fetched once', 180_000, async (cleanup) => {
  const cgroup = `nm-squid-${process.pid}`;
  const path = bytesPath(12 * MB, 'squid');
  const netmeter = await startNetmeter(cleanup);
  const capture = await captureUplink(cleanup);
  const before = uplinkCounters();
  await startSquid(cleanup, PORT, cgroup);
  const proxy = await proxyUp(netmeter, 'squid');
  assert.is(proxy.kind, 'squid');
  assert.is(proxy.found, 'program');
  assert.is(proxy.place, 'host');
  assert.equal(proxy.endpoints, [{ address: null, port: PORT, protocol: 'tcp' }]);

  const since = new Date().toISOString();
  for (const turn of ['cold', 'warm']) {
    const fetch = `http_proxy=http://${HOST}:${PORT} wget -q -O /dev/null ${lab().origin}${path}`;
    await build({
      engine: '28',
      flags: ['-t', `squid-${turn}-${process.pid}`],
      dockerfile: `FROM nm-busybox\nRUN ${fetch}; : ${turn}\nRUN wget -q -O /dev/null ${lab().origin}${bytesPath(9 * MB, turn)}\n`,
    });
  }
  const count = await originPath(path);
  assert.is(count.requests, 1, 'the second one came from the cache');
  for (const turn of ['cold', 'warm']) {
    const shown = await finishedBuild(netmeter, `squid-${turn}-${process.pid}`);
    const step = stepNamed(shown, 'http_proxy');
    assert.equal(step.wan, { rxBytes: 0, txBytes: 0 }, turn);
    assert.ok(
      bothWays(step.proxy) > 12 * MB && bothWays(step.proxy) < 12 * MB * 1.1,
      `${bothWays(step.proxy)}`,
    );
  }
  const { delivered, fetched, savedBytes } = await proxyNamed(netmeter, 'squid', since);
  const deliveredBytes = delivered.rxBytes ?? 0;
  assert.ok(deliveredBytes > 24 * MB && deliveredBytes < 24 * MB * 1.1, `${deliveredBytes}`);
  assertWithin(fetched.rxBytes ?? 0, receivedOverTcp(count), 1e-3, 'what squid fetched');
  assert.is(savedBytes, bothWays(delivered) - bothWays(fetched));
  const document = await status(netmeter, since);
  const owner = document.owners.find(({ id }) => id === proxy.owner);
  assert.is(owner?.kind, 'proxy');
  assert.equal(owner?.wan, fetched);
  const settled = await settledStatus(netmeter);
  const raw = difference(uplinkCounters(), before);
  const { arp, icmp6 } = await capture.stop();
  const groups = arp.rxPackets + arp.txPackets + icmp6.rxPackets + icmp6.txPackets;
  assertAddsUp(settled, raw, lab().uplink, groups);
});

test(
  'what squid fetched for nobody is its own, and a restart in a build loses nothing',
  120_000,
  async (cleanup) => {
    const cgroup = `nm-squid-${process.pid}`;
    const [ahead, first, second] = [
      bytesPath(5 * MB, 'ahead').replace('/bytes/', '/slow/'),
      bytesPath(4 * MB, 'before'),
      bytesPath(3 * MB, 'after'),
    ];
    const netmeter = await startNetmeter(cleanup);
    const squid = await startSquid(cleanup, PORT, cgroup);
    await proxyUp(netmeter, 'squid');
    const since = new Date().toISOString();
    // Whoever asked for it is gone after the first bytes; squid goes on to the end.
    const ask = 'curl -s -x "$0" "$1" | head -c 1000 >/dev/null';
    await run('sh', ['-c', ask, `http://127.0.0.1:${PORT}`, `${lab().origin}${ahead}?rate=${4 * MB}`]);
    const all = await eventually('squid to have it all', 30_000, async () => {
      const count = await originPath(ahead);
      return count.requests > 0 ? count : undefined;
    });
    const prefetched = await proxyNamed(netmeter, 'squid', since);
    assertWithin(prefetched.fetched.rxBytes ?? 0, receivedOverTcp(all), 5e-3, 'fetched ahead');
    assert.ok((prefetched.savedBytes ?? 0) < -2 * MB, `it cost, and saved nothing: ${prefetched.savedBytes}`);
    const report = await netmeter.json<ReportDocument>(['report', '--since', since]);
    assert.equal(report.builds, { count: 0, failed: 0 });
    const { proxyOverheadBytes = 0, headlineBytes = 0 } = report.saved ?? {};
    const surplus = receivedOverTcp(all) - bothWays(prefetched.delivered);
    // What it gave over loopback counts as what it would have been on the link.
    assertWithin(proxyOverheadBytes, surplus, 3e-2, 'what nobody asked for');
    assert.is(headlineBytes, -proxyOverheadBytes, 'in the total, signed');

    const tag = `squid-restart-${process.pid}`;
    const fetch = (path: string) =>
      `http_proxy=http://${HOST}:${PORT} wget -q -O /dev/null ${lab().origin}${path}`;
    const building = build({
      engine: '28',
      flags: ['--no-cache', '-t', tag],
      dockerfile: `FROM nm-busybox\nRUN ${fetch(first)}\nRUN until ${fetch(second)}; do sleep 0.2; done\n`,
    });
    await eventually('the first step to have fetched', 60_000, async () => {
      return (await originPath(first)).requests > 0 ? true : undefined;
    });
    await squid.stop();
    await startSquid(cleanup, PORT, cgroup);
    await building;
    const shown = await finishedBuild(netmeter, tag);
    for (const [path, size] of [
      [first, 4 * MB],
      [second, 3 * MB],
    ] as const) {
      const step = stepNamed(shown, path);
      assert.equal(step.wan, { rxBytes: 0, txBytes: 0 });
      // Its interface tells its neighbours of its multicast groups.
      assert.ok(bothWays(step.lan) < 1_000, 'it stays a proxy while it is restarted');
      assert.ok(bothWays(step.proxy) > size && bothWays(step.proxy) < size * 1.1, `${bothWays(step.proxy)}`);
    }
    const { fetched } = await proxyNamed(netmeter, 'squid', since);
    const counts = await Promise.all([ahead, first, second].map((path) => originPath(path)));
    const expected = counts.reduce((sum, count) => sum + receivedOverTcp(count), 0);
    assertWithin(fetched.rxBytes ?? 0, expected, 5e-3, 'both squids together');
  },
);

test.run();
