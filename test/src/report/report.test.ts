import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildShowDocument } from '../../../src/report/builds.js';
import { periodReport } from '../../../src/report/period.js';
import { renderReport } from '../../../src/report/render/index.js';
import { statusDocument } from '../../../src/report/status.js';
import { sumByOwner } from '../../../src/report/sums.js';
import { build, owner, step, usage } from './fixtures.js';

const executor = owner({ id: 'exec:e1', kind: 'step', name: 'RUN make' });
const engine = owner({ id: 'engine:default', kind: 'engine', name: 'dockerd' });

test("a step's bytes are its executors' and its share of what the engine fetched", () => {
  const ran = step({ executorIds: ['e1', 'e2'] });
  const second = owner({ id: 'exec:e2', kind: 'step' });
  const source = owner({ id: 'source:ref1/sha256:1', kind: 'step' });
  const sums = sumByOwner([usage(executor, 100), usage(second, 20), usage(source, 3), usage(engine, 5000)]);
  const document = buildShowDocument(build({ steps: [ran] }), {
    sums,
    remotes: [],
    tier: 'exact',
    isMetered: () => null,
  });
  assert.is(document.steps[0]?.wan.rxBytes, 123);
  assert.is(document.build.wan.rxBytes, 123);
  assert.is(document.build.link, 'up0');
});

test('a shared step shows no bytes: they belong to the build that ran it', () => {
  const shared = step({ executorIds: ['e1'], status: 'shared', attribution: 'shared', sharedWith: 'other' });
  const document = buildShowDocument(build({ steps: [shared] }), {
    sums: sumByOwner([usage(executor, 100)]),
    remotes: [],
    tier: 'exact',
    isMetered: () => null,
  });
  assert.equal(document.steps[0]?.wan, { rxBytes: 0, txBytes: 0 });
  assert.is(document.steps[0]?.sharedWith, 'other');
});

test('what is not known is null: cold bytes, savings, an unfinished duration, a missing link', () => {
  const running = step({ status: 'running', intervals: [{ startedAt: 1000, completedAt: undefined }] });
  const document = buildShowDocument(build({ status: 'running', completedAt: undefined, steps: [running] }), {
    sums: new Map(),
    remotes: [],
    tier: 'exact',
    isMetered: () => null,
  });
  const [shown] = document.steps;
  assert.is(shown?.durationMs, null);
  assert.is(shown?.coldBytes, null);
  assert.is(shown?.savings, null);
  assert.is(shown?.link, null);
  assert.is(document.build.completedAt, null);
});

test('the gap between two intervals of a step is not its duration', () => {
  const twice = step({
    intervals: [
      { startedAt: 0, completedAt: 100 },
      { startedAt: 5000, completedAt: 5200 },
    ],
  });
  const document = buildShowDocument(build({ steps: [twice] }), {
    sums: new Map(),
    remotes: [],
    tier: 'exact',
    isMetered: () => null,
  });
  assert.is(document.steps[0]?.durationMs, 300);
});

test('kinds of owners and the unattributed rest add up to the links', () => {
  const relay = owner({ id: 'relay:slirp4netns', kind: 'relay', name: 'slirp4netns' });
  const published = owner({ id: 'relay:c1', kind: 'relay', facts: { relayedContainer: 'c1' } });
  const report = periodReport({
    isMetered: true,
    period: { from: 0, to: 1000 },
    timeZone: 'UTC',
    usage: [
      usage(executor, 700),
      usage(engine, 200),
      usage(owner(), 50, { class: 'lan' }),
      usage(owner(), 5000, { class: 'local', link: undefined }),
      usage(relay, 700),
      usage(published, 30),
    ],
    links: [
      {
        name: 'up0',
        transfer: { rxBytes: 1000, txBytes: 10 },
        metered: null,
        budget: null,
        reconciliation: null,
      },
    ],
    builds: [],
    buildUsage: { sums: new Map(), remotes: [], tier: 'exact', isMetered: () => null },
    overheads: [],
    days: [],
    previousUsedBytes: undefined,
    previousBuilds: [],
    previousBuildUsage: { sums: new Map(), remotes: [], tier: 'exact' },
    previousOverheads: [],
    prices: { priceOf: () => undefined, isMetered: () => undefined, linkAt: () => undefined },
    advice: [],
    estimates: { count: 0, ratio: undefined },
  });
  const kinds = Object.values(report.byOwnerKind);
  assert.is(
    kinds.reduce((sum, it) => sum + (it.rxBytes ?? 0), 0),
    1000,
  );
  assert.is(report.byOwnerKind.container.rxBytes, 80);
  assert.equal(report.byOwnerKind.unattributed, { rxBytes: 20, txBytes: 10 });
  assert.is(report.wan.rxBytes, 930);
  assert.is(report.previous.usedBytes, null);
});

const NOTHING_IN_IT = {
  period: { from: 0, to: 1000 },
  timeZone: 'UTC',
  usage: [],
  links: [],
  builds: [],
  buildUsage: { sums: new Map(), remotes: [], tier: 'exact' as const, ledgers: new Map() },
  overheads: [],
  days: [],
  previousUsedBytes: undefined,
  previousBuilds: [],
  previousBuildUsage: { sums: new Map(), remotes: [], tier: 'exact' as const },
  previousOverheads: [],
  prices: { priceOf: () => undefined, isMetered: () => undefined, linkAt: () => undefined },
  advice: [],
  estimates: { count: 0, ratio: undefined },
};

test('an empty period is a valid report: 0 where nothing was measured, null where nothing is known', () => {
  const report = periodReport({ ...NOTHING_IN_IT, isMetered: true });
  assert.equal(report.wan, { rxBytes: 0, txBytes: 0 });
  assert.is(report.saved?.bytes, 0);
  assert.is(report.saved?.unknownSteps, 0);
  assert.is(report.coldBytes, 0);
  assert.is(report.money, null);
});

test('builds that nothing gives a name are one row among the projects, not a row each', () => {
  const nameless = (ref: string) => build({ ref, name: ref, project: undefined });
  const builds = [nameless('r1'), nameless('r2'), build({ ref: 'r3', name: 'tag', project: undefined })];
  const { projects } = periodReport({ ...NOTHING_IN_IT, builds, isMetered: true });
  assert.equal(projects.map(({ name }) => name).sort(), ['builds without a name', 'tag']);
});

test('a period in which nobody counted says so, and not that nothing moved', () => {
  const report = periodReport({ ...NOTHING_IN_IT, isMetered: false });
  assert.equal(report.wan, { rxBytes: null, txBytes: null });
  for (const kind of Object.values(report.byOwnerKind)) assert.equal(kind, { rxBytes: null, txBytes: null });
  assert.equal(
    [report.saved, report.coldBytes, report.energyWh, report.workAvoidedMs],
    [null, null, null, null],
  );
  const text = renderReport(report, 'text', { width: 80, ascii: false });
  assert.match(text, /Used: +unknown \(nobody counted then\)/);
  assert.not.match(text, /\b0 B|0\.0 Wh/);
});

test('what proxies fetched for nobody is in the total, signed, and told', () => {
  const report = periodReport({
    isMetered: true,
    period: { from: 0, to: 1000 },
    timeZone: 'UTC',
    usage: [],
    links: [
      {
        name: 'up0',
        transfer: { rxBytes: 5e6, txBytes: 0 },
        metered: true,
        budget: null,
        reconciliation: null,
      },
    ],
    builds: [],
    buildUsage: { sums: new Map(), remotes: [], tier: 'exact', ledgers: new Map() },
    overheads: [{ name: 'squid', at: 500, bytes: 5e6 }],
    days: [],
    previousUsedBytes: 0,
    previousBuilds: [],
    previousBuildUsage: { sums: new Map(), remotes: [], tier: 'exact' },
    previousOverheads: [{ name: 'squid', at: -500, bytes: 1e6 }],
    prices: {
      priceOf: () => ({ currency: 'EUR', perGigabyte: 2 }),
      isMetered: () => true,
      linkAt: () => 'up0',
    },
    advice: [],
    estimates: { count: 0, ratio: undefined },
  });
  const { saved, money, previous } = report;
  assert.is(saved?.bytes, -5e6);
  assert.is(saved?.headlineBytes, -5e6);
  assert.is(saved?.byCause.proxy, -5e6);
  assert.is(saved?.meteredBytes, -5e6);
  assert.is(saved?.proxyOverheadBytes, 5e6);
  assert.equal(money, [{ currency: 'EUR', spent: 0.01, saved: -0.01 }]);
  assert.is(previous.savedBytes, -1e6);
  const text = renderReport(report, 'text', { width: 200, ascii: false });
  assert.match(text, /Proxies fetched 5\.00 MB that nobody asked them for, which is taken off/);
  assert.match(text, /Saved in all:? +-5\.00 MB/);
});

test('status has one row an owner, with its classes apart', () => {
  const document = statusDocument({
    pid: 1,
    version: '0',
    startedAt: 0,
    since: 0,
    tiers: { meter: 'exact', builds: 'history', links: 'link' },
    links: [],
    usage: [
      usage(owner(), 10),
      usage(owner(), 4, { class: 'lan' }),
      usage(owner(), 5, { class: 'wan', link: 'wlan0' }),
    ],
    lost: {},
    warnings: [],
    sources: [],
  });
  assert.is(document.owners.length, 1);
  assert.is(document.owners[0]?.wan.rxBytes, 15);
  assert.is(document.owners[0]?.lan.rxBytes, 4);
  assert.is(document.reconciliation, null);
});

test.run();
