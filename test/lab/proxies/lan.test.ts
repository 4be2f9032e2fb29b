// A caching nginx in front of an index of wheels, on another machine of the LAN: added by hand. What it fetches
// never crosses this machine, so that it is not known.
import { chmodSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { ProxiesDocument } from '../../../src/protocol/documents.js';
import { finishedBuild, stepNamed } from '../exactness/documents.js';
import { build, type Cleanup, lab, labSuite, run, startNetmeter, uplinkCounters } from '../harness/index.js';
import { bothWays, proxyNamed } from './documents.js';
import { startNginx } from './nginx.js';
import { startProgram, workDir } from './programs.js';

const test = labSuite('proxies on the LAN');
const MB = 1_000_000;
const NETNS = 'nm-lan';
const [HERE, THERE] = ['198.51.100.33', '198.51.100.34'];
/** The LAN's own way to the internet, which is not this machine's. */
const [LAN_OUT, FAR] = ['198.51.100.65', '198.51.100.66'];
const ORIGIN = fileURLToPath(new URL('../../../scripts/lab/origin/main.js', import.meta.url));

async function lanUp(cleanup: Cleanup): Promise<void> {
  const ip = (...args: string[]) => run('ip', args);
  cleanup.defer(() => run('ip', ['netns', 'del', NETNS], { anyExit: true }));
  await ip('netns', 'add', NETNS);
  await ip('link', 'add', 'nm-lan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NETNS);
  await ip('addr', 'add', `${HERE}/28`, 'dev', 'nm-lan0');
  await ip('link', 'set', 'nm-lan0', 'up');
  await ip('-n', NETNS, 'addr', 'add', `${THERE}/28`, 'dev', 'eth0');
  await ip('-n', NETNS, 'link', 'set', 'eth0', 'up');
  await ip('-n', NETNS, 'link', 'set', 'lo', 'up');
  await ip('-n', NETNS, 'link', 'add', 'out0', 'type', 'veth', 'peer', 'name', 'lan0', 'netns', lab().netns);
  await ip('-n', NETNS, 'addr', 'add', `${LAN_OUT}/30`, 'dev', 'out0');
  await ip('-n', NETNS, 'link', 'set', 'out0', 'up');
  await ip('-n', lab().netns, 'addr', 'add', `${FAR}/30`, 'dev', 'lan0');
  await ip('-n', lab().netns, 'link', 'set', 'lan0', 'up');
}

test('a caching index of wheels on another machine', 120_000, async (cleanup) => {
  await lanUp(cleanup);
  const dir = workDir(cleanup);
  chmodSync(dir, 0o777);
  const control = `${dir}/origin.sock`;
  const far = ['node', ORIGIN, '--address', FAR, '--control', control, '--files', dir];
  await startProgram(cleanup, far, { cgroup: `nm-far-${process.pid}`, netns: lab().netns });
  const cgroup = `nm-nginx-${process.pid}`;
  await startNginx(cleanup, {
    address: THERE,
    port: 3141,
    upstream: `http://${FAR}`,
    cgroup,
    netns: NETNS,
  });
  const netmeter = await startNetmeter(cleanup);
  await netmeter.run(['proxy', 'add', 'wheels', '--address', `http://${THERE}:3141/simple/`]);

  const before = uplinkCounters();
  const since = new Date().toISOString();
  const tag = `lan-${process.pid}`;
  const path = `/bytes/${4 * MB}/lab-${process.pid}.whl`;
  const fetch = `wget -q -O /dev/null http://${THERE}:3141${path}`;
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `FROM nm-busybox\nRUN ${fetch}; : one\nRUN ${fetch}; : two\n`,
  });
  const { stdout } = await run('curl', ['-sf', '--unix-socket', control, 'http://origin/stats']);
  const counts = (JSON.parse(stdout) as { paths: Record<string, { requests: number }> }).paths;
  assert.is(counts[path]?.requests, 1, 'nginx kept it');
  const shown = await finishedBuild(netmeter, tag);
  for (const text of [': one', ': two']) {
    const step = stepNamed(shown, text);
    assert.ok(bothWays(step.proxy) > 4 * MB && bothWays(step.proxy) < 4.4 * MB, `${bothWays(step.proxy)}`);
    // Its interface tells its neighbours of its multicast groups.
    assert.ok(bothWays(step.lan) < 1_000);
  }
  const proxy = await proxyNamed(netmeter, 'wheels', since);
  assert.is(proxy.place, 'elsewhere');
  assert.ok((proxy.delivered.rxBytes ?? 0) > 8 * MB);
  assert.equal(proxy.fetched, { rxBytes: null, txBytes: null });
  assert.is(proxy.savedBytes, null);
  assert.ok(uplinkCounters().rxBytes - before.rxBytes < MB / 2, 'nothing of it crossed the uplink');

  const refused = await netmeter.run(['proxy', 'add', 'x', '--address', 'nonsense'], { anyExit: true });
  assert.is(refused.exitCode, 2);
  await netmeter.run(['proxy', 'rm', 'wheels']);
  const { proxies } = await netmeter.json<ProxiesDocument>(['proxy', 'ls', '--since', since]);
  assert.is(proxies.find(({ name }) => name === 'wheels')?.isUp, false, 'what it delivered stays');
});

test.run();
