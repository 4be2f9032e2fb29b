// Events and answers become one view: totals, rates, what is stale, what a restart changes.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LiveState } from '../../../src/live/state.js';
import { type EventBody, PROTOCOL_VERSION } from '../../../src/protocol/messages.js';
import { totalBytes } from '../../../src/units.js';
import {
  build,
  busyState,
  busyView,
  HELLO,
  iso,
  NOW,
  owner,
  PIP,
  received,
  STEPS,
  status,
  step,
  tick,
} from '../../cli/ui/scene.js';

function hear(state: LiveState, event: EventBody, at = NOW) {
  return state.event({ version: PROTOCOL_VERSION, ...event }, at);
}

function greeted(): LiveState {
  const state = new LiveState();
  hear(state, HELLO);
  return state;
}

test('samples go on top of what was answered, for owners, links and budgets', () => {
  const state = greeted();
  const answer = status();
  state.status(answer, 'today', 0, true);
  hear(state, tick(1, 1));
  const view = state.view(NOW);
  const engine = view.owners.find(({ id }) => id === 'engine:docker');
  assert.is(engine?.wan.rxBytes, 9_300_000 + 800_000);
  assert.is(view.links[0]?.todayBytes, 123_000_000 + 2_033_333);
  assert.is(view.links[0]?.budget?.usedBytes, 2_100_000_000 + 2_033_333);
  assert.is(
    answer.owners.find(({ id }) => id === 'engine:docker')?.wan.rxBytes,
    9_300_000,
    'not the answer itself',
  );
});

test('a link is what a person calls it: two networks over one interface are two; the one in use comes first', () => {
  const state = greeted();
  const [phone] = status().links;
  const home = { ...phone!, name: 'Home', metered: false, budget: null, ...received(900_000_000) };
  state.status(status({ links: [home, phone!] }), 'today', 0, true);
  hear(state, tick(1, 1));
  assert.equal(
    state.view(NOW).links.map(({ name, todayBytes }) => [name, todayBytes]),
    [
      ['Pixel 7', 123_000_000 + 2_033_333],
      ['Home', 900_000_000],
    ],
  );
});

test('an answer replaces what samples had added up to', () => {
  const state = greeted();
  state.status(status(), 'today', 0, true);
  hear(state, tick(1, 1));
  state.status(status({ owners: [owner({ wan: received(7) })] }), 'today', 0, true);
  const view = state.view(NOW);
  assert.equal(
    view.owners.map(({ id, wan }) => [id, wan.rxBytes]),
    [['container:web', 7]],
  );
  assert.is(view.links[0]?.todayBytes, 123_000_000);
});

test('groups are disjoint, and leave out what only carries the bytes of others', () => {
  const { groups, owners } = busyView();
  const inGroups = groups.flatMap((group) => group.owners.map(({ id }) => id));
  assert.is(new Set(inGroups).size, inGroups.length);
  assert.equal(
    owners
      .filter(({ kind }) => kind !== 'relay')
      .map(({ id }) => id)
      .sort(),
    inGroups.sort(),
  );
  const sum = owners
    .filter(({ kind }) => kind !== 'relay')
    .reduce((total, { wan }) => total + totalBytes(wan), 0);
  assert.is(
    groups.reduce((total, { wanBytes }) => total + wanBytes, 0),
    sum,
  );
});

test("a running step's rate is from samples; of one that fetches layers, from their growth", () => {
  const { builds } = busyView();
  const steps = builds[0]?.steps ?? [];
  const pip = steps.find(({ document }) => document.digest === PIP.digest);
  assert.is(pip?.rateIsReported, false);
  assert.is(Math.round(pip?.rate ?? 0), Math.round(((1_200_000 + 600_000) * 61) / 60 / 2));
  const from = steps.find(({ document }) => document.name.startsWith('[assets 1/2]'));
  assert.is(from?.rateIsReported, true);
  assert.is(from?.rate, 500_000);
  assert.ok(steps.every(({ document, rate }) => document.status === 'running' || rate === null));
});

test('the end of a build is told once', () => {
  const state = greeted();
  assert.is(hear(state, { event: 'build', build: build(), steps: STEPS }), 'moved');
  const ended = build({ status: 'completed', completedAt: iso(0) });
  assert.is(hear(state, { event: 'build', build: ended, steps: STEPS }), 'ended');
  assert.is(hear(state, { event: 'build', build: ended, steps: STEPS }), 'moved');
});

test('builds that run come first, then the newest; the oldest that ended are forgotten', () => {
  const state = greeted();
  for (let i = 0; i < 30; i++) {
    const over = { ref: `old${i}`, status: 'completed' as const, startedAt: iso(10_000 - i) };
    hear(state, { event: 'build', build: build(over), steps: [] });
  }
  hear(state, { event: 'build', build: build({ ref: 'runs', startedAt: iso(20_000) }), steps: [] });
  const refs = state.view(NOW).builds.map(({ document }) => document.ref);
  assert.is(refs.length, 21);
  assert.equal(refs.slice(0, 3), ['runs', 'old29', 'old28']);
});

test('a daemon that says nothing for some ticks is stale; one that samples nothing but says so is not', () => {
  const state = greeted();
  hear(state, tick(0, 1), NOW);
  assert.is(state.view(NOW + 4_900).staleFor, undefined);
  assert.is(state.view(NOW + 5_100).staleFor, 5_100);
  hear(state, { event: 'tick', tick: { from: iso(-5), to: iso(-6), links: [], owners: [] } }, NOW + 6_000);
  assert.is(state.view(NOW + 7_000).staleFor, undefined);
  hear(state, { ...HELLO, tickMs: 60_000 } as EventBody, NOW);
  assert.is(state.view(NOW + 100_000).staleFor, undefined, 'a slow tick is given its time');
  assert.is(state.view(NOW + 181_000).staleFor, 181_000);
});

test('a daemon that is gone leaves its last figures, marked; another one begins anew', () => {
  const state = busyState();
  const gone = { state: 'waiting', because: 'gone', hint: undefined, before: true, since: NOW } as const;
  state.connection(gone);
  const view = state.view(NOW + 1000);
  assert.is(view.staleFor, 1000);
  assert.is(view.builds.length, 3);
  hear(state, HELLO, NOW + 2000);
  const again = state.view(NOW + 2000);
  assert.is(again.connection.state, 'live');
  assert.is(again.staleFor, undefined);
  assert.equal([again.builds, again.owners, again.links], [[], [], []]);
});

test('a warning is shown once, whether told, answered or both; what fails and what was lost are warnings', () => {
  const state = greeted();
  const [answered] = status().warnings;
  hear(state, { event: 'warning', warning: answered! });
  hear(state, { event: 'warning', warning: { code: 'link-gone', message: 'wlan0 is gone', at: iso(1) } });
  state.status(status({ lost: { mapOverflows: 3 } }), 'today', 0, true);
  assert.equal(
    state.view(NOW).warnings.map(({ code }) => code),
    ['link-gone', 'budget-forecast', 'engine-unreachable', 'lost'],
  );
});

test('caches: by the id the Dockerfile uses, with the last state and what they saved', () => {
  const state = greeted();
  const mount = (over: object) => ({
    id: 'pip',
    target: '/p',
    recordId: null,
    sharing: null,
    emptyAtStart: true,
    bytesBefore: null,
    bytesAfter: 5,
    ...over,
  });
  const saving = {
    cause: 'cache-mount',
    lowBytes: 1,
    highBytes: 1,
    marginalBytes: null,
    basis: 'measured',
  } as const;
  hear(state, {
    event: 'build',
    build: build({ ref: 'a', status: 'completed', startedAt: iso(100) }),
    steps: [step({ name: 'one', cacheMounts: [mount({})], savings: [{ ...saving, bytes: 30 }] })],
  });
  hear(state, {
    event: 'build',
    build: build({ ref: 'b', startedAt: iso(50) }),
    steps: [
      step({
        name: 'two',
        status: 'running',
        completedAt: null,
        cacheMounts: [mount({ target: '/q', emptyAtStart: false, bytesAfter: null })],
      }),
      step({ name: 'three', status: 'cached', cacheMounts: [mount({ id: 'unused' })] }),
    ],
  });
  const { caches } = state.view(NOW);
  assert.is(caches.length, 1);
  const { lastUsedAt, ...pip } = caches[0]!;
  assert.equal(pip, {
    id: 'pip',
    targets: ['/p', '/q'],
    steps: ['one', 'two'],
    emptyAtStart: false,
    sizeBytes: 5,
    savedBytes: 30,
    inUse: true,
  });
  assert.is(lastUsedAt, iso(40));
});

test('nothing is known before anything was said: null, not 0', () => {
  const view = new LiveState().view(NOW);
  assert.is(view.daemonVersion, null);
  assert.is(view.unattributed, null);
  assert.is(view.remotes, null);
  assert.is(view.savedToday, null);
  const state = greeted();
  hear(state, tick(1, 1));
  assert.is(state.view(NOW).links[0]?.todayBytes, null);
  assert.is(state.view(NOW).links[0]?.metered, null);
});

test.run();
