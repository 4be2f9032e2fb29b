// The same project through a caching proxy. Debian has no proxy that is made for Python's index: nginx is what stands
// in front of it, on this host, added by hand as a proxy that nobody could recognise.
import * as assert from 'uvu/assert';
import type { ReportDocument } from '../../../src/protocol/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import { lab, labSuite, startNetmeter } from '../harness/index.js';
import { proxyNamed, proxyUp } from '../proxies/documents.js';
import { startNginx } from '../proxies/nginx.js';
import { installProject, lockedProject } from './poetry.js';
import { assertSaved, assertSavedNothing, freshTag, MB, moved, saving } from './scene.js';

const test = labSuite('a poetry project behind a proxy');
/** The host, as a step of Engine 28's builds sees it. */
const HOST = '172.28.0.1';
const PORT = 13_141;
const INDEX = `http://${HOST}:${PORT}`;

test('cold and warm, then with a cache mount: each byte under one cause', 300_000, async (cleanup) => {
  const server = { address: HOST, port: PORT, upstream: lab().origin, cgroup: `nm-index-${process.pid}` };
  // Locking looks into wheels, too: what it made the proxy keep is thrown away.
  const forLocking = await startNginx(cleanup, server);
  const beta = await lockedProject(['nm-beta'], INDEX);
  const both = await lockedProject(['nm-beta', 'nm-gamma'], INDEX);
  await forLocking.stop();
  await startNginx(cleanup, server);
  const netmeter = await startNetmeter(cleanup);
  await netmeter.run(['proxy', 'add', 'wheels', '--address', `${INDEX}/`]);
  assert.is((await proxyUp(netmeter, 'wheels')).place, 'host');
  const began = new Date().toISOString();

  const cold = await installProject(netmeter, cleanup, beta, '', freshTag('poetry'));
  const wheels = receivedOverTcp(cold.sent);
  assert.ok(cold.sent.bodySent > 6 * MB, `${cold.sent.bodySent} bytes sent`);
  assert.equal(cold.step.wan, { rxBytes: 0, txBytes: 0 });
  assertSavedNothing(cold.step, 'proxy', wheels);

  const warm = await installProject(netmeter, cleanup, beta, '', freshTag('poetry'));
  assert.is(warm.sent.requests, 0);
  assertSaved(warm.step, 'proxy', wheels);
  assert.is(saving(warm.step, 'proxy')?.basis, 'measured');

  const tag = freshTag('poetry');
  const mount = `--mount=type=cache,id=${tag},target=/root/.cache/pypoetry `;
  const filling = await installProject(netmeter, cleanup, beta, mount, tag);
  assert.is(filling.sent.requests, 0);
  assertSaved(filling.step, 'proxy', wheels);
  assert.is(saving(filling.step, 'cache-mount'), undefined);

  const more = await installProject(netmeter, cleanup, both, mount, tag);
  assert.ok(more.sent.bodySent > 3 * MB && more.sent.bodySent < 3.1 * MB, `${more.sent.bodySent} bytes sent`);
  assert.is(moved(more.step), 0);
  assertSaved(more.step, 'cache-mount', wheels);
  assertSavedNothing(more.step, 'proxy', receivedOverTcp(more.sent));

  const { fetched } = await proxyNamed(netmeter, 'wheels', began);
  const sent = receivedOverTcp(cold.sent) + receivedOverTcp(more.sent);
  assertWithin(fetched.rxBytes ?? 0, sent, 1e-2, 'what the proxy fetched');
  const { saved } = await netmeter.json<ReportDocument>(['report', '--since', began]);
  assertWithin(saved?.byCause.proxy ?? 0, 2 * wheels, 1e-2, 'by the proxy in all');
});

test.run();
