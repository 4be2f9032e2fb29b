// The uplink is not there, or vanishes and comes back.
import * as assert from 'uvu/assert';
import type { StatusDocument } from '../../../src/protocol/documents.js';
import { eventually, labSuite, Netmeter } from '../harness/index.js';
import { bytesOf, OwnUplink, sendToMany } from './own-uplink.js';
import { assertRefused, Downloader, started, startUnder, status } from './scene.js';

const test = labSuite('bad days: links');
/** With their headers, so that a datagram more or less would be seen. */
const [COUNT, PAYLOAD] = [500, 1000];

test('a link that does not exist is named, with those that do', 60_000, async (cleanup) => {
  assertRefused(await startUnder(new Netmeter(cleanup, { startArgs: ['--link', 'nothing0'] })), {
    code: 'link-missing',
    exit: 1,
    message: /no network interface nothing0/,
    hint: /interfaces here: .*\blo\b/,
  });
});

test(
  'a link that vanishes and comes back: all it carried is counted, and the rest goes on',
  90_000,
  async (cleanup) => {
    const uplink = new OwnUplink(cleanup);
    await uplink.make();
    const netmeter = new Netmeter(cleanup, { startArgs: ['--link', uplink.name] });
    const start = await started(startUnder(netmeter));
    assert.match(JSON.stringify(start.sources), uplink.name);
    await sendToMany(COUNT, PAYLOAD);
    assertLink(await status(netmeter), uplink, COUNT);

    await uplink.remove();
    const host = new Downloader(cleanup);
    await host.download();
    await host.assertCounted(netmeter);
    assertLink(await status(netmeter), uplink, COUNT);

    await uplink.make();
    await sendToMany(COUNT, PAYLOAD);
    assertLink(await status(netmeter), uplink, 2 * COUNT);

    // Gone between two ticks, with bytes that no sample has seen.
    await sendToMany(COUNT, PAYLOAD);
    await uplink.remove();
    await eventually('the last word of the link', 10_000, async () => {
      const document = await status(netmeter);
      return linkIn(document, uplink)?.txBytes === bytesOf(3 * COUNT, PAYLOAD) ? true : undefined;
    });
    assertLink(await status(netmeter), uplink, 3 * COUNT);
    assert.equal(
      (await status(netmeter)).sources.filter(
        ({ name, ok }) => !ok && ['ebpf', 'links', 'store'].includes(name),
      ),
      [],
    );
  },
);

test('a link that is gone at the next start is asked for, and then found again', 60_000, async (cleanup) => {
  const uplink = new OwnUplink(cleanup);
  await uplink.make();
  const netmeter = new Netmeter(cleanup, { startArgs: ['--link', uplink.name] });
  await started(startUnder(netmeter));
  const { startedAt } = await status(netmeter);
  await sendToMany(COUNT, PAYLOAD);
  await status(netmeter);
  await netmeter.kill9();
  await uplink.remove();
  assertRefused(await startUnder(netmeter), {
    code: 'link-missing',
    exit: 1,
    message: new RegExp(`no network interface ${uplink.name}`),
    hint: /interfaces here/,
  });
  await uplink.make();
  await started(startUnder(netmeter));
  await sendToMany(COUNT, PAYLOAD);
  assertLink(await status(netmeter, startedAt!), uplink, 2 * COUNT);
});

function linkIn(document: StatusDocument, uplink: OwnUplink) {
  return document.links.find(({ name }) => name === uplink.name);
}

/** So many datagrams crossed it, and each has its owner. */
function assertLink(document: StatusDocument, uplink: OwnUplink, datagrams: number): void {
  const link = linkIn(document, uplink);
  assert.is(link?.txBytes, bytesOf(datagrams, PAYLOAD));
  assert.is(link?.rxBytes, 0);
  assert.is(link?.reconciliation?.unattributedBytes, 0);
  assert.is(link?.reconciliation?.attributedPackets, datagrams);
}

test.run();
