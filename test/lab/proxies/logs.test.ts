// What proxies in containers log of packages, followed live: nginx on its standard output, over a restart of the
// daemon; squid in its file. Held against their own logs and against what the origin sent.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { ProxyDocument } from '../../../src/protocol/documents.js';
import { assertWithin } from '../exactness/expectations.js';
import {
  bytesPath,
  docker,
  eventually,
  lab,
  labSuite,
  type Netmeter,
  originPath,
  removeContainers,
  run,
  startNetmeter,
} from '../harness/index.js';
import { proxyNamed, proxyUp } from './documents.js';
import { importImage } from './images.js';
import { importNginx, NGINX_LOG_FORMAT } from './nginx-image.js';
import { answers } from './programs.js';
import { squidImage } from './squid.js';

const test = labSuite('logs of proxies in containers');
const MB = 1_000_000;

test('nginx on its standard output, each line once', 120_000, async (cleanup) => {
  const name = `nginx-${process.pid}`;
  const image = await importNginx(cleanup, `http://${lab().serverV4}`);
  const netmeter = await startNetmeter(cleanup);
  cleanup.defer(() => removeContainers('28', name));
  const labels = ['--label', 'netmeter.role=proxy', '--label', `netmeter.log-format=${NGINX_LOG_FORMAT}`];
  await docker('28', ['run', '-d', '--name', name, ...labels, '-p', '18080:8080', image]);
  await answers('http://127.0.0.1:18080/up');
  await proxyUp(netmeter, name);
  const [path, since] = [`${bytesPath(3 * MB, 'deb')}_1.0_all.deb`, wholeSecond()];
  const fetch = () => run('curl', ['-sf', '-o', '/dev/null', `http://127.0.0.1:18080${path}`]);
  await fetch();
  // Whole seconds make these two lines equal, as a rule.
  await Promise.all([fetch(), fetch()]);
  await toldOf(netmeter, name, since, 3);
  await netmeter.kill9();
  await fetch();
  await netmeter.start();
  const told = await toldOf(netmeter, name, since, 4);
  const { stdout } = await docker('28', ['logs', name]);
  const lines = stdout.split('\n').filter((line) => line.includes(path));
  const column = (line: string, at: number) => Number(line.split(' ').at(at)) || 0;
  const sum = (at: number) => lines.reduce((all, line) => all + column(line, at), 0);
  assert.equal([told.servedBytes, told.fetchedBytes], [sum(-3), sum(-1)], 'as its own log has it');
  assert.equal([told.basis, told.hits, told.misses], ['reported', 3, 1]);
  const count = await originPath(path);
  assert.is(count.requests, 1);
  assertWithin(told.fetchedBytes ?? 0, count.bodySent, 1e-3, 'what the origin sent');
});

test('squid in its file', 120_000, async (cleanup) => {
  const name = `squid-${process.pid}`;
  const image = squidImage();
  await importImage(cleanup, image);
  const netmeter = await startNetmeter(cleanup);
  cleanup.defer(() => removeContainers('28', name));
  const logs = ['--user', '65534', '--tmpfs', '/var/log/squid:mode=1777'];
  await docker('28', ['run', '-d', '--name', name, ...logs, '-p', '13129:3128', image.tag]);
  await answers('http://127.0.0.1:13129/');
  assert.is((await proxyUp(netmeter, name)).kind, 'squid');
  const [path, since] = [`${bytesPath(3 * MB, 'deb')}_1.0_all.deb`, wholeSecond()];
  for (let time = 0; time < 3; time++) {
    await run('curl', ['-sf', '-o', '/dev/null', '-x', 'http://127.0.0.1:13129', `${lab().origin}${path}`]);
  }
  const told = await toldOf(netmeter, name, since, 3);
  assert.equal([told.basis, told.hits, told.misses], ['reported', 2, 1]);
  const { stdout: pid } = await docker('28', ['inspect', '--format', '{{.State.Pid}}', name]);
  const lines = readFileSync(`/proc/${pid.trim()}/root/var/log/squid/access.log`, 'utf8')
    .split('\n')
    .filter((line) => line.includes(path));
  const bytes = lines.map((line) => Number(line.trim().split(/\s+/)[4]));
  assert.is(
    told.servedBytes,
    bytes.reduce((all, one) => all + one, 0),
    'as its own log has it',
  );
  const count = await originPath(path);
  assert.is(count.requests, 1);
  assertWithin(told.fetchedBytes ?? 0, count.bodySent, 1e-3, 'what the origin sent');
});

/** Logs have whole seconds. */
function wholeSecond(): string {
  return new Date(Math.floor(Date.now() / 1000) * 1000 - 1).toISOString();
}

/** The one package, once so many requests for it were told of. */
function toldOf(
  netmeter: Netmeter,
  name: string,
  since: string,
  times: number,
): Promise<ProxyDocument['packages'][number]> {
  return eventually(`${times} requests to be told of`, 30_000, async () => {
    const { packages } = await proxyNamed(netmeter, name, since);
    return packages.find(({ requests }) => requests === times);
  });
}

test.run();
