// One story: a project is built at home, then on a hotspot with a budget that is nearly used.
import * as assert from 'uvu/assert';
import type { BuildShowDocument, BuildsDocument, PromptDocument } from '../../../src/protocol/documents.js';
import { holdAgainst, running, step } from '../estimate/hold.js';
import {
  difference,
  eventually,
  labSuite,
  type Netmeter,
  uplinkCounters,
  withoutEthernet,
} from '../harness/index.js';
import { hotspot, LINK, metered, warningsOf } from '../links/hotspot.js';
import { shellWith, showsSteps } from '../ui/rows.js';
import { TmuxTerminal } from '../ui/terminal.js';
import { Shop } from './shop.js';
import { assertWarnedOnce } from './warned.js';
import { assertWeek, weekInFourFormats } from './week.js';

const test = labSuite('a story');
const MB = 1_000_000;
const BUDGET = 100 * MB;
const USED_BEFORE = 88 * MB;
/** Wheels of nm-alpha and nm-beta, and an image. */
const COLD = 14 * MB;

test('home, then a hotspot: what will it cost, what did it cost', 400_000, async (cleanup) => {
  const start = uplinkCounters();
  const { netmeter, setMetered, manager, device, point, join } = await hotspot(cleanup);
  const shop = new Shop(netmeter, cleanup);
  await shop.make(cleanup);

  join(manager.addAccessPoint(device, 'AP2', 'Home'));
  await connected(netmeter, 'Home');
  await shop.depend('nm-beta');
  const cold = await shop.build('cold');
  assert.is(cold.estimate.fetchBytes, null, 'nobody has seen it');
  assert.equal([cold.estimate.link, cold.estimate.metered], ['Home', false]);
  assert.ok(step(cold, `FROM ${shop.image}`).lowBytes! >= 8 * MB, 'the image is missing');
  assert.ok(cold.wireBytes > COLD);
  assert.equal(running(await shop.build('unchanged')), [], 'nothing will run');

  // On the train, after the disk was full and all that the engine kept was thrown away.
  join(point);
  setMetered(1);
  await connected(netmeter, LINK);
  await metered(netmeter, true);
  const words = ['--day', '1', '--used', `${USED_BEFORE / MB}MB`];
  await netmeter.run(['budget', 'set', LINK, `${BUDGET / MB}MB`, ...words]);
  const atBudget = uplinkCounters();
  assert.is((await warningsOf(netmeter, 'budget-used')).length, 1, '80 % was passed already');
  await netmeter.run(['notify', '--once', '--', 'true']);
  await shop.forgetEverything();
  const check = await netmeter.run(['check', ...shop.flags, shop.project.folder], { anyExit: true });
  assert.is(check.exitCode, 1, check.stdout);
  assert.match(check.stdout, /^This build will fetch about 1[45]\.\d MB \(.*derived\)\.$/m);
  assert.match(check.stdout, `That is over what is left of the budget, 12.0 MB (${LINK} is metered).`);

  // It is built all the same.
  const terminal = new TmuxTerminal(cleanup, 'story');
  await terminal.open(shellWith(netmeter), 120, 40);
  await terminal.shows(new RegExp(`^${LINK} .*METERED`, 'm'));
  const building = shop.build('all of it again');
  building.catch(() => {});
  await terminal.shows(/[▶✓] \[stage-1 \d\/\d\] RUN SHOP/);
  const again = await building;
  assert.is(step(again, 'poetry install').basis, 'measured');
  await terminal.press('k', 'g');
  await showsSteps(terminal, (await newest(netmeter)).steps);
  await assertWarnedOnce(netmeter, terminal);

  await shop.depend('nm-beta', 'nm-gamma');
  const more = await shop.build('a dependency more, the cache warm');
  assert.match(step(more, 'COPY pyproject.toml').because, /poetry\.lock .*that it takes changed/);
  assert.match(step(more, 'poetry install').because, 'put into the cache yet: nm-gamma 1.0');
  await shop.depend('nm-gamma');
  const less = await shop.build('one less, the cache warm');
  assert.match(step(less, 'poetry install').because, 'were put into that cache before');
  assert.ok((less.estimate.highBytes ?? Number.POSITIVE_INFINITY) < 2 * MB, 'not anything up to everything');

  await shop.halfWarm();
  await shop.depend('nm-alpha', 'nm-gamma');
  await shop.build('half of it in the cache');
  await shop.forgetMounts();
  await shop.depend('nm-beta', 'nm-gamma', 'nm-alpha');
  const empty = await shop.build('everything changed, the cache empty');
  assert.match(step(empty, 'poetry install').because, 'is empty');
  assert.is(step(empty, 'poetry install').basis, 'derived', 'from what its packages took apart');

  await shop.newImage();
  await shop.build('another image');
  await shop.forgetImage();
  await shop.build('its layers pruned, what was made of them kept');
  await shop.forgetLayers();
  await shop.build('all layers pruned, the cache warm');
  assert.equal(running(await shop.build('unchanged again')), []);
  for (const [name, taken] of shop.all) holdAgainst(name, taken.estimate, taken.wireBytes);

  const week = await weekInFourFormats(netmeter, cleanup);
  assertWeek(week, {
    link: LINK,
    bytes: carriedSince(atBudget),
    allBytes: carriedSince(start),
    budgetBytes: USED_BEFORE + carriedSince(atBudget),
    limitBytes: BUDGET,
  });
  const { count, medianErrorRatio } = week.document.estimates;
  assert.is(count, shop.all.filter(([, { estimate }]) => estimate.fetchBytes !== null).length);
  assert.ok(medianErrorRatio !== null && medianErrorRatio <= 0.05, String(medianErrorRatio));
  const { builds } = await netmeter.json<BuildsDocument>(['builds', '--limit', '1000']);
  const mine = builds.filter(({ name }) => name.startsWith(shop.project.prefix)).toReversed();
  assert.equal(
    mine.map(({ link, metered }) => [link, metered]),
    shop.all.map(([, { estimate }]) => [estimate.link, estimate.metered]),
    'what each build was built over',
  );
  assert.is((await warningsOf(netmeter, 'budget-used')).length, 2, 'more bytes do not give it again');
  const over = (await warningsOf(netmeter, 'build-over-limit')).map(({ message }) => message);
  for (const [index, [name, taken]] of shop.all.entries()) {
    const told = over.filter((message) => message.includes(` ${shop.project.prefix}${index + 1} `)).length;
    const { metered, fetchBytes } = taken.estimate;
    // Of a pull that is over in a moment it may be too late to say anything.
    const most = metered === true && (fetchBytes ?? 0) > MB ? 1 : 0;
    const least = most === 1 && (step(taken, 'poetry install').fetchBytes ?? 0) > MB ? 1 : 0;
    assert.ok(told >= least && told <= most, `${name}, of which it was said:\n${over.join('\n')}`);
  }
});

async function connected(netmeter: Netmeter, name: string): Promise<void> {
  await eventually(`${name} to be the link`, 10_000, async () => {
    const { link } = await netmeter.json<PromptDocument>(['prompt']);
    return link === name ? true : undefined;
  });
}

async function newest(netmeter: Netmeter): Promise<BuildShowDocument> {
  const { builds } = await netmeter.json<BuildsDocument>(['builds', '--limit', '1']);
  return netmeter.json<BuildShowDocument>(['build', 'show', builds[0]?.ref ?? '']);
}

function carriedSince(before: ReturnType<typeof uplinkCounters>): number {
  const { rxBytes, txBytes } = withoutEthernet(difference(uplinkCounters(), before));
  return rxBytes + txBytes;
}

test.run();
