// Real apt in builds, through a real apt-cacher-ng: what it kept from being fetched, by the archive's own count.
import * as assert from 'uvu/assert';
import type { StepDocument } from '../../../src/protocol/documents.js';
import { stepNamed } from '../exactness/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import { lab, labSuite, type PathCount, startNetmeter } from '../harness/index.js';
import { startAptCacher } from '../proxies/apt-cacher-ng.js';
import { bothWays, proxyNamed, proxyUp } from '../proxies/documents.js';
import { DEBIAN, sentBelow, since } from './registries.js';
import { assertSaved, assertSavedNothing, buildAndLook, freshTag, MB, saving } from './scene.js';

const test = labSuite('apt behind apt-cacher-ng');
const PORT = 13_242;
/** As people set it up: a line in the configuration of apt. */
const dockerfile = (): string => `FROM nm-trixie
RUN echo 'Acquire::http::Proxy "http://172.28.0.1:${PORT}";' >/etc/apt/apt.conf.d/01proxy
RUN rm -rf /etc/apt/sources.list.d/* && echo "deb [trusted=yes] ${lab().origin}${DEBIAN} ./" >/etc/apt/sources.list
ARG ROUND
RUN apt-get update && apt-get install -y nm-beta
`;

test('a cold one saves nothing, a warm one all that it has', 240_000, async (cleanup) => {
  const netmeter = await startNetmeter(cleanup);
  await startAptCacher(cleanup, PORT, `nm-acng-${process.pid}`);
  const proxy = await proxyUp(netmeter, 'apt-cacher-ng');
  assert.equal([proxy.kind, proxy.found, proxy.place], ['apt-cacher-ng', 'program', 'host']);
  const began = new Date().toISOString();

  const round = async (): Promise<{ step: StepDocument; sent: PathCount }> => {
    const before = await sentBelow(DEBIAN);
    const tag = freshTag('acng');
    const shown = await buildAndLook(netmeter, cleanup, {
      dockerfile: dockerfile(),
      tag,
      args: { ROUND: tag },
    });
    return { step: stepNamed(shown, 'apt-get update'), sent: since(before, await sentBelow(DEBIAN)) };
  };
  const cold = await round();
  assert.ok(cold.sent.bodySent > 6 * MB, `${cold.sent.bodySent} bytes sent`);
  const archive = receivedOverTcp(cold.sent);
  assert.equal(cold.step.wan, { rxBytes: 0, txBytes: 0 });
  assertSavedNothing(cold.step, 'proxy', archive);

  const warm = await round();
  assert.ok(warm.sent.bodySent < MB / 10, `${warm.sent.bodySent} bytes sent`);
  const notSent = archive - receivedOverTcp(warm.sent);
  assert.equal(warm.step.wan, { rxBytes: 0, txBytes: 0 });
  assert.is(saving(warm.step, 'proxy')?.basis, 'measured');
  assertSaved(warm.step, 'proxy', notSent);

  const { delivered, fetched, savedBytes } = await proxyNamed(netmeter, 'apt-cacher-ng', began);
  assertWithin(fetched.rxBytes ?? 0, archive + receivedOverTcp(warm.sent), 1e-2, 'what it fetched');
  assert.is(savedBytes, bothWays(delivered) - bothWays(fetched));
  assertWithin(savedBytes ?? 0, notSent, 1e-2, 'delivered less fetched, both times together');
});

test.run();
