// Proxies in containers: apt-cacher-ng by its image, beside another service, over every way to a published
// port; a registry as the engine's mirror.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { finishedBuild, status, stepNamed } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  type Cleanup,
  captureUplink,
  difference,
  docker,
  engine,
  eventually,
  lab,
  labSuite,
  originPath,
  pushRandomImage,
  removeContainers,
  run,
  startNetmeter,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { buildAndLook, freshTag, saving } from '../savings/scene.js';
import { bothWays, proxyNamed, proxyUp } from './documents.js';
import { importImage } from './images.js';
import { answers } from './programs.js';

const test = labSuite('proxies in containers');
const MB = 1_000_000;
const HOST = '172.28.0.1';
const LOGS = '/var/log/apt-cacher-ng';

test('apt-cacher-ng, published beside another service', 180_000, async (cleanup) => {
  const [name, other] = [`apt-${process.pid}`, `other-${process.pid}`];
  const image = 'nm-lab/apt-cacher-ng:3';
  await importImage(cleanup, {
    tag: image,
    programs: ['/usr/sbin/apt-cacher-ng'],
    files: {
      '/etc/apt-cacher-ng/acng.conf': `CacheDir: /tmp/cache\nLogDir: ${LOGS}\nUnbufferLogs: 1\nForeGround: 1\n`,
      [`${LOGS}/none`]: '',
    },
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

  // Its log has whole seconds.
  const second = new Date(Math.floor(Date.parse(since) / 1000) * 1000 - 1).toISOString();
  const told = await eventually('its log to be followed', 30_000, async () => {
    const { packages } = await proxyNamed(netmeter, name, second);
    return packages.find(({ requests }) => requests === 4);
  });
  assert.is(told.name, `${path.split('/').at(-1)?.replace('_1.0_all.deb', '')} 1.0`);
  assert.equal([told.basis, told.hits, told.misses], ['reported', 3, 1]);
  const { stdout: log } = await docker('28', ['cp', `${name}:${LOGS}/apt-cacher.log`, '-']);
  const lines = log.split('\n').filter((line) => line.endsWith(path));
  const sum = (kind: string) =>
    lines
      .filter((line) => line.includes(`|${kind}|`))
      .reduce((all, line) => all + Number(line.split('|')[2]), 0);
  assert.equal([told.servedBytes, told.fetchedBytes], [sum('O'), sum('I')], 'as its own log has it');
  assertWithin(told.fetchedBytes ?? 0, count.bodySent, 1e-3, 'what the origin sent');
  const text = await netmeter.run(['proxy', 'ls', '--packages', '--since', second]);
  assert.match(text.stdout, told.name);
});

test('the engine pulls through its mirror', 180_000, async (cleanup) => {
  const mirror = `mirror-${process.pid}`;
  await importImage(cleanup, {
    tag: 'registry:nm-lab',
    programs: ['/usr/bin/docker-registry'],
    files: {
      '/etc/registry.yml': `version: 0.1
storage: {filesystem: {rootdirectory: /tmp/registry}}
http: {addr: ":5000"}
proxy: {remoteurl: "http://${lab().registry}"}
`,
    },
    command: ['/usr/bin/docker-registry', 'serve', '/etc/registry.yml'],
  });
  const image = await pushRandomImage('library/mirrored', [5 * MB, 2 * MB]);
  const name = image.reference.replace(`${lab().registry}/library/`, '');
  const blobs = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  const directly = await pulledDirectly(image.reference);
  const netmeter = await startNetmeter(cleanup);
  cleanup.defer(() => removeContainers('28', mirror));
  await docker('28', ['run', '-d', '--name', mirror, '-p', '127.0.0.1:15000:5000', 'registry:nm-lab']);
  await answers('http://127.0.0.1:15000/v2/');
  await useMirror(cleanup, 'http://127.0.0.1:15000');
  const proxy = await proxyUp(netmeter, mirror);
  assert.is(proxy.found, 'mirror');
  const since = new Date().toISOString();
  cleanup.defer(() => docker('28', ['rmi', '-f', name], { anyExit: true }));
  const pulled = (times: number) =>
    eventually(`pull ${times} to have its bytes`, 20_000, async () => {
      const { owners } = await status(netmeter, since);
      const found = owners.filter((owner) => owner.kind === 'pull' && owner.proxy.rxBytes > blobs);
      return found.length === times ? found : undefined;
    });
  const capture = await captureUplink(cleanup);
  await docker('28', ['pull', name]);
  await pulled(1);
  await quietUplink();
  const first = await proxyNamed(netmeter, mirror, since);
  await docker('28', ['rmi', '-f', name]);
  await docker('28', ['pull', name]);
  const pulls = await pulled(2);
  for (const pull of pulls) assert.equal(pull.wan, { rxBytes: 0, txBytes: 0 });
  const { delivered, fetched, savedBytes } = await proxyNamed(netmeter, mirror, since);
  const deliveredBytes = delivered.rxBytes ?? 0;
  assert.ok(deliveredBytes > 2 * blobs && deliveredBytes < 2.1 * blobs, `${deliveredBytes}`);
  // Registries before 3.0 fetch a blob twice: for who asked, and for themselves. What crossed is the truth.
  const { ip, icmp6 } = await capture.stop();
  const crossed = ip.rxBytes - icmp6.rxBytes;
  assert.ok(crossed > blobs, `${crossed} of ${blobs}`);
  assertWithin(fetched.rxBytes ?? 0, crossed, 5e-3, 'what the mirror fetched');
  assert.ok((fetched.rxBytes ?? 0) - (first.fetched.rxBytes ?? 0) < blobs / 20, 'the second one was kept');
  assert.is(savedBytes, bothWays(delivered) - bothWays(fetched));
  // Its access log, which goes to its standard output, has whole seconds.
  const second = new Date(Math.floor(Date.parse(since) / 1000) * 1000 - 1).toISOString();
  const told = await eventually('its log to be followed', 30_000, async () => {
    const { packages } = await proxyNamed(netmeter, mirror, second);
    return packages.find(({ servedBytes }) => servedBytes > 2 * blobs);
  });
  assert.is(told.name, `image library/${name.replace(/:.*/, '')}`);
  assert.ok(told.servedBytes < deliveredBytes, 'bodies, without what carried them');

  await docker('28', ['rmi', '-f', name]);
  const dockerfile = `FROM ${name}\nCOPY Dockerfile /\n`;
  const shown = await buildAndLook(netmeter, cleanup, { dockerfile, tag: freshTag('mirror') });
  const step = stepNamed(shown, `FROM docker.io/library/${name}`);
  assert.equal(step.wan, { rxBytes: 0, txBytes: 0 });
  assert.is(saving(step, 'proxy')?.basis, 'measured');
  // It came over loopback, in larger packets.
  assertWithin(saving(step, 'proxy')?.bytes ?? 0, directly, 1e-2, 'saved by the mirror');
});

/** What it takes to pull an image without a mirror. */
async function pulledDirectly(reference: string): Promise<number> {
  const before = uplinkCounters();
  await docker('28', ['pull', '-q', reference]);
  const { rxBytes, txBytes } = withoutEthernet(difference(uplinkCounters(), before));
  await docker('28', ['rmi', '-f', reference]);
  return rxBytes + txBytes;
}

/** A mirror may go on to fetch for itself. */
async function quietUplink(): Promise<void> {
  let before = uplinkCounters().rxPackets;
  await eventually('the uplink to be quiet', 20_000, async () => {
    await setTimeout(1_000);
    const now = uplinkCounters().rxPackets;
    const isQuiet = now - before < 10;
    before = now;
    return isQuiet ? true : undefined;
  });
}

/** As people do it: in the engine's configuration, which is read anew. */
async function useMirror(cleanup: Cleanup, url: string): Promise<void> {
  const root = `/proc/${engine('28').pid}/root`;
  const file = `${root}/etc/docker/daemon.json`;
  let before: string | undefined;
  try {
    before = readFileSync(file, 'utf8');
  } catch {
    await run('mkdir', ['-p', `${root}/etc/docker`]);
  }
  const reload = async (text: string) => {
    process.kill(engine('28').pid, 'SIGHUP');
    await eventually('the engine to have read its configuration', 20_000, async () => {
      const { stdout } = await docker('28', ['info', '--format', '{{json .RegistryConfig.Mirrors}}']);
      return stdout.includes(url) === (text === 'set') ? true : undefined;
    });
  };
  cleanup.defer(async () => {
    // A setting that is only left out stays as it was.
    writeFileSync(file, JSON.stringify({ 'registry-mirrors': [] }));
    await reload('unset');
    if (before === undefined) rmSync(file);
    else writeFileSync(file, before);
  });
  writeFileSync(file, JSON.stringify({ 'registry-mirrors': [url] }));
  await reload('set');
}

test.run();
