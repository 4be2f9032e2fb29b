// Verdaccio on the host, in front of another one behind the uplink: two real npm clients in a build.
import * as assert from 'uvu/assert';
import { stepNamed } from '../exactness/documents.js';
import { assertWithin } from '../exactness/expectations.js';
import {
  captureUplink,
  difference,
  labSuite,
  startNetmeter,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { assertSaved, assertSavedNothing, buildAndLook, freshTag } from '../savings/scene.js';
import { bothWays, proxyNamed, proxyUp } from './documents.js';
import { startVerdaccio } from './verdaccio.js';

const test = labSuite('proxies of npm');
const PORT = 14_873;
const HOST = '172.28.0.1';
/** nm-beta and nm-alpha, which it needs; random bytes do not yield to compression. */
const PACKAGES = 6_000_000;

test('verdaccio delivers to npm what it fetched once', 180_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  await startVerdaccio(cleanup, PORT, `nm-verdaccio-${process.pid}`);
  const proxy = await proxyUp(netmeter, 'verdaccio');
  assert.is(proxy.kind, 'verdaccio');
  assert.is(proxy.found, 'program');
  assert.is(proxy.place, 'host');

  const capture = await captureUplink(cleanup);
  const since = new Date().toISOString();
  const npm = `npm install --registry http://${HOST}:${PORT}/ --no-audit --no-fund --no-update-notifier`;
  const install = (folder: string) => {
    return `RUN mkdir ${folder} && cd ${folder} && ${npm} --cache ${folder}/cache nm-beta@1.0.0`;
  };
  const round = async (folder: string) => {
    const dockerfile = `FROM nm-trixie\n${install(folder)}\n`;
    const flags = ['--no-cache'];
    const shown = await buildAndLook(netmeter, cleanup, { dockerfile, tag: freshTag('npm'), flags });
    const step = stepNamed(shown, `mkdir ${folder}`);
    assert.equal(step.wan, { rxBytes: 0, txBytes: 0 }, folder);
    assertAbout(step.proxy.rxBytes, PACKAGES, folder);
    return step;
  };
  const cold = await round('/one');
  const before = uplinkCounters();
  const warm = await round('/two');
  const again = withoutEthernet(difference(uplinkCounters(), before));
  const { delivered, fetched, savedBytes } = await proxyNamed(netmeter, 'verdaccio', since);
  const { ip, icmp6 } = await capture.stop();
  const crossed = ip.rxBytes - icmp6.rxBytes;
  assertAbout(crossed, PACKAGES, 'over the uplink');
  assertWithin(fetched.rxBytes ?? 0, crossed, 5e-3, 'fetched once');
  assertAbout(delivered.rxBytes, 2 * PACKAGES, 'delivered');
  assert.is(savedBytes, bothWays(delivered) - bothWays(fetched));
  const all = ip.rxBytes + ip.txBytes - icmp6.rxBytes - icmp6.txBytes;
  const warmBytes = again.rxBytes + again.txBytes;
  assertSavedNothing(cold, 'proxy', all);
  assertSaved(warm, 'proxy', all - 2 * warmBytes);
});

/** With the headers of packets and requests, and what a registry says of packages. */
function assertAbout(bytes: number | null, payload: number, what: string): void {
  assert.ok(bytes !== null && bytes > payload && bytes < 1.1 * payload, `${what}: ${bytes} for ${payload}`);
}

test.run();
