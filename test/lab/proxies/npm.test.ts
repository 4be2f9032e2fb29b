// Verdaccio on the host, in front of another one behind the uplink: two real npm clients in a build.
import * as assert from 'uvu/assert';
import { finishedBuild, stepNamed } from '../exactness/documents.js';
import { assertWithin } from '../exactness/expectations.js';
import { build, captureUplink, docker, labSuite, startNetmeter } from '../harness/index.js';
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
  const tag = `npm-${process.pid}`;
  const npm = `npm install --registry http://${HOST}:${PORT}/ --no-audit --no-fund --no-update-notifier`;
  const install = (folder: string) => {
    return `RUN mkdir ${folder} && cd ${folder} && ${npm} --cache ${folder}/cache nm-beta@1.0.0`;
  };
  cleanup.defer(() => docker('28', ['rmi', '-f', tag], { anyExit: true }));
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `FROM nm-trixie\n${install('/one')}\n${install('/two')}\n`,
  });
  const shown = await finishedBuild(netmeter, tag);
  for (const folder of ['mkdir /one', 'mkdir /two']) {
    const step = stepNamed(shown, folder);
    assert.equal(step.wan, { rxBytes: 0, txBytes: 0 }, folder);
    assertAbout(step.proxy.rxBytes, PACKAGES, folder);
  }
  const { delivered, fetched, savedBytes } = await proxyNamed(netmeter, 'verdaccio', since);
  const { ip, icmp6 } = await capture.stop();
  const crossed = ip.rxBytes - icmp6.rxBytes;
  assertAbout(crossed, PACKAGES, 'over the uplink');
  assertWithin(fetched.rxBytes ?? 0, crossed, 5e-3, 'fetched once');
  assertAbout(delivered.rxBytes, 2 * PACKAGES, 'delivered');
  assert.is(savedBytes, bothWays(delivered) - bothWays(fetched));
});

/** With the headers of packets and requests, and what a registry says of packages. */
function assertAbout(bytes: number | null, payload: number, what: string): void {
  assert.ok(bytes !== null && bytes > payload && bytes < 1.1 * payload, `${what}: ${bytes} for ${payload}`);
}

test.run();
