// A hotspot that NetworkManager says is metered, a budget nearly used, and a build that goes over.
import * as assert from 'uvu/assert';
import type {
  BudgetsDocument,
  BuildsDocument,
  LinksDocument,
  PromptDocument,
  StatusDocument,
} from '../../../src/protocol/documents.js';
import { Downloader } from '../bad-days/scene.js';
import { assertWithin } from '../exactness/expectations.js';
import {
  build,
  bytesPath,
  difference,
  eventually,
  lab,
  labSuite,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { hotspot, LINK, linkOf, metered, WIRELESS, warningsOf } from './hotspot.js';

const test = labSuite('a metered link');
const MB = 1_000_000;

/** @returns what it took, by the uplink's own counters */
async function buildOf(bytes: number, tag: string): Promise<number> {
  const before = uplinkCounters();
  await build({
    engine: '28',
    flags: ['-t', tag],
    dockerfile: `FROM nm-busybox\nRUN wget -q -O /dev/null ${lab().origin}${bytesPath(bytes, tag)}\n`,
  });
  const { rxBytes, txBytes } = withoutEthernet(difference(uplinkCounters(), before));
  return rxBytes + txBytes;
}

test('the budget is nearly used, a build goes over: the warning comes once', 180_000, async (cleanup) => {
  const { netmeter, setMetered } = await hotspot(cleanup);
  assert.is((await linkOf(netmeter))?.metered, false);
  setMetered(1);
  const link = await metered(netmeter, true);
  assert.match(link.meteredBecause, /NetworkManager says/);
  assert.is(link.interface, lab().uplink);

  await netmeter.run(['budget', 'set', LINK, '100MB', '--day', '31', '--used', '90MB']);
  // 50 and 80 % were passed long ago: told in one.
  assert.is((await warningsOf(netmeter, 'budget-used')).length, 1);
  await netmeter.run(['notify', '--once', '--', 'true']);
  assert.is((await netmeter.json<PromptDocument>(['prompt'])).warnings, 0);

  const tag = `nm-over-${process.pid}`;
  const took = await buildOf(8 * MB, tag);
  const warned = await eventually('the warning', 5_000, async () => {
    const given = await warningsOf(netmeter, 'budget-used');
    return given.length === 2 ? given[1] : undefined;
  });
  assert.match(warned.message, /^Annas Hotspot: 98 % of the budget is used/);
  assert.is(warned.seen, false);
  const { budgets } = await netmeter.json<BudgetsDocument>(['budget', 'ls']);
  assertWithin(budgets[0]?.state?.usedBytes ?? 0, 90 * MB + took, 1e-3, 'what is used of the budget');
  const { builds } = await netmeter.json<BuildsDocument>(['builds', '--limit', '1']);
  assert.equal([builds[0]?.link, builds[0]?.metered], [LINK, true]);

  const shown = await netmeter.run(['notify', '--once', '--', 'printf', '%s\\n']);
  assert.is(shown.stdout.trim(), warned.message);
  assert.is((await netmeter.run(['notify', '--once', '--', 'printf', '%s\\n'])).stdout, '');

  await buildOf(3 * MB, `${tag}-more`);
  await netmeter.kill9();
  await netmeter.start();
  await buildOf(1 * MB, `${tag}-most`);
  assert.is(
    (await warningsOf(netmeter, 'budget-used')).length,
    2,
    'neither more bytes nor a crash give it again',
  );
  assert.match((await netmeter.run(['prompt'])).stdout, /^\[Annas Hotspot 0 B left\] $/);
});

test(
  'a build that will fetch more than the limit is warned of as its first step runs',
  180_000,
  async (cleanup) => {
    const { netmeter, setMetered } = await hotspot(cleanup);
    setMetered(1);
    await metered(netmeter, true);
    await netmeter.run(['link', 'set', LINK, '--limit', '5MB', '--price', '3.5 EUR/GB']);
    const tag = `nm-dear-${process.pid}`;
    const path = `/slow/${12 * MB}/dear-${process.pid}-${Date.now()}?rate=${3 * MB}`;
    const dockerfile = `FROM nm-busybox\nRUN wget -q -O /dev/null "${lab().origin}${path}"\n`;
    const dear = () => build({ engine: '28', flags: ['--no-cache', '-t', tag], dockerfile });
    await dear();
    assert.equal(await warningsOf(netmeter, 'build-over-limit'), [], 'nothing was known of it');
    await eventually('what it costs to be known', 30_000, async () => {
      const { builds } = await netmeter.json<BuildsDocument>(['builds', '--limit', '1']);
      return (builds[0]?.coldBytes ?? 0) > 12 * MB ? true : undefined;
    });

    const again = dear();
    const warning = await eventually(
      'the warning',
      10_000,
      async () => (await warningsOf(netmeter, 'build-over-limit'))[0],
    );
    const { builds } = await netmeter.json<BuildsDocument>(['builds', '--limit', '1']);
    assert.is(builds[0]?.status, 'running', 'it came while the step ran');
    assert.match(warning.message, /12\.\d MB over Annas Hotspot.*limit of a build is 5\.00 MB/);
    await again;
    assert.is((await warningsOf(netmeter, 'build-over-limit')).length, 1);

    await netmeter.run(['link', 'set', LINK, '--metered', 'no']);
    await dear();
    assert.is((await warningsOf(netmeter, 'build-over-limit')).length, 1, "the user's word counts more");
  },
);

test("who says what of a link, and that the user's word is kept", 120_000, async (cleanup) => {
  const { netmeter, setMetered } = await hotspot(cleanup);
  setMetered(3);
  assert.match((await metered(netmeter, true)).meteredBecause, /NetworkManager guesses/);
  setMetered(4);
  await metered(netmeter, false);
  await netmeter.run(['link', 'set', LINK, '--metered', 'yes']);
  assert.match((await metered(netmeter, true)).meteredBecause, /you said/);
  await netmeter.stop();
  await netmeter.start();
  assert.match((await metered(netmeter, true)).meteredBecause, /you said/);
  await netmeter.run(['link', 'set', LINK, '--metered', 'auto']);
  await metered(netmeter, false);
});

test(
  'the same interface in another network is another link, and each has its own bytes',
  120_000,
  async (cleanup) => {
    const { netmeter, manager, device } = await hotspot(cleanup);
    const host = new Downloader(cleanup);
    const at = [uplinkCounters()];
    await host.download(6 * MB);
    const home = manager.addAccessPoint(device, 'AP2', 'Home');
    // The sample that the change makes is the hotspot's last one.
    at.push(uplinkCounters());
    manager.change(device, WIRELESS, 'ActiveAccessPoint', `objpath:${home}`);
    await eventually('the other network', 10_000, async () => {
      const { links } = await netmeter.json<LinksDocument>(['link', 'ls']);
      return links.find((link) => link.name === 'Home' && link.present);
    });
    await netmeter.json<StatusDocument>(['status']);
    await host.download(3 * MB);
    const status = await netmeter.json<StatusDocument>(['status']);
    at.push(uplinkCounters());
    for (const [place, name] of [LINK, 'Home'].entries()) {
      const { rxBytes, txBytes } = withoutEthernet(difference(at[place + 1]!, at[place]!));
      const link = status.links.find((candidate) => candidate.name === name);
      assert.is(link?.interface, lab().uplink);
      assertWithin(
        (link?.rxBytes ?? 0) + (link?.txBytes ?? 0),
        rxBytes + txBytes,
        2e-3,
        `what ${name} carried`,
      );
      const { attributedBytes = 0 } = link?.reconciliation ?? {};
      assertWithin(attributedBytes, rxBytes + txBytes, 2e-3, `what owners moved over ${name}`);
    }
    await host.assertCounted(netmeter);
  },
);

test.run();
