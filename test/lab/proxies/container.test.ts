// Proxies in containers: apt-cacher-ng by its image, beside another service, over every way to a published
// port.
import * as assert from 'uvu/assert';
import { finishedBuild, status, stepNamed } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  docker,
  lab,
  labSuite,
  originPath,
  removeContainers,
  run,
  startNetmeter,
} from '../harness/index.js';
import { proxyNamed, proxyUp } from './documents.js';
import { importImage } from './images.js';
import { answers } from './programs.js';

const test = labSuite('proxies in containers');
const MB = 1_000_000;
const HOST = '172.28.0.1';

test('apt-cacher-ng, published beside another service', 180_000, async (cleanup) => {
  const [name, other] = [`apt-${process.pid}`, `other-${process.pid}`];
  const image = 'nm-lab/apt-cacher-ng:3';
  await importImage(cleanup, {
    tag: image,
    programs: ['/usr/sbin/apt-cacher-ng'],
    files: { '/etc/apt-cacher-ng/acng.conf': 'CacheDir: /tmp/cache\nLogDir: /tmp/log\nForeGround: 1\n' },
    command: ['/usr/sbin/apt-cacher-ng', '-c', '/etc/apt-cacher-ng'],
  });
  const netmeter = await startNetmeter(cleanup);
  cleanup.defer(() => removeContainers('28', name, other));
  await docker('28', ['run', '-d', '--name', name, '-p', '13142:3142', image]);
  const serve = 'head -c 2000000 /dev/zero > /f; httpd -f -p 8080 -h /';
  await docker('28', ['run', '-d', '--name', other, '-p', '13143:8080', 'nm-busybox', 'sh', '-c', serve]);
  const proxy = await proxyUp(netmeter, name);
  assert.is(proxy.kind, 'apt-cacher-ng');
  assert.is(proxy.found, 'image');
  await answers('http://127.0.0.1:13142/');
  await answers('http://127.0.0.1:13143/f');

  const path = `${bytesPath(6 * MB, 'deb')}_1.0_all.deb`;
  const url = (host: string) => `http://${host}/${lab().serverV4}${path}`;
  const direct = proxy.endpoints.find(({ address }) => address?.startsWith('172.28.') === true)?.address;
  const since = new Date().toISOString();
  const tag = `apt-${process.pid}`;
  await build({
    engine: '28',
    flags: ['--no-cache', '-t', tag],
    dockerfile: `FROM nm-busybox
RUN wget -q -O /dev/null ${url(`${HOST}:13142`)}
RUN wget -q -O /dev/null ${url(`${direct}:3142`)}
RUN wget -q -O /dev/null http://${HOST}:13143/f`,
  });
  // From the host: over Docker's own relay, and over address translation.
  for (const host of ['127.0.0.1:13142', '198.51.100.1:13142']) {
    await run('curl', ['-sf', '-o', '/dev/null', url(host)]);
  }
  const count = await originPath(path);
  assert.is(count.requests, 1);
  const shown = await finishedBuild(netmeter, tag);
  for (const text of [`${HOST}:13142`, `${direct}:3142`]) {
    const step = stepNamed(shown, text);
    assert.ok(step.proxy.rxBytes !== null && step.proxy.rxBytes > 6 * MB, text);
    assert.equal(step.wan, { rxBytes: 0, txBytes: 0 });
  }
  const beside = stepNamed(shown, ':13143');
  assert.equal(beside.proxy, { rxBytes: 0, txBytes: 0 }, 'the other service is none');
  const { delivered, fetched } = await proxyNamed(netmeter, name, since);
  assertWithin(fetched.rxBytes ?? 0, receivedOverTcp(count), 5e-3, 'fetched once');
  const four = (delivered.rxBytes ?? 0) / (6 * MB);
  assert.ok(four > 4 && four < 4.3, `delivered ${four} times`);
  const { owners } = await status(netmeter);
  assert.is(owners.find(({ id }) => id === proxy.owner)?.kind, 'proxy');
});

test.run();
