// What live views are told, and that nothing is made for nobody.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LiveFeed } from '../../../daemon/pipeline/live-feed.js';
import type { TickBatch } from '../../../daemon/store/types.js';
import type { Build } from '../../../src/builds/types.js';
import type { Owner } from '../../../src/metering/types.js';
import type { BuildDocument } from '../../../src/protocol/documents.js';
import type { EventBody } from '../../../src/protocol/messages.js';
import { until } from '../observe/docker/until.js';

const STEP: Owner = {
  id: 'exec:a',
  kind: 'step',
  name: 'RUN make',
  facts: { buildRef: 'b1', stepDigest: 'sha256:1' },
};
const build = (ref: string, name = ref) => ({ ref, name }) as Build;

function batch(): TickBatch {
  const interval = { from: 0, to: 1000 };
  const remote = { address: '192.0.2.1', port: 443, protocol: 'tcp' as const };
  const traffic = { rxBytes: 10, txBytes: 1, rxPackets: 1, txPackets: 1 };
  const row = { ownerId: 'exec:a', remote, link: 'up0', tier: 'exact' as const, interval, ...traffic };
  return {
    interval,
    epoch: 'e',
    rows: [
      { ...row, class: 'wan' },
      { ...row, class: 'local' },
    ],
    links: [{ link: 'up0', interval, ...traffic, txDropped: undefined }],
    owners: [],
    positions: [],
    forget: [],
  };
}

function scene(subscribers = true) {
  const published: EventBody[] = [];
  const shown: string[] = [];
  const releases: (() => void)[] = [];
  const state = { now: 10_000, running: [] as Build[] };
  const feed = new LiveFeed({
    publish: (event) => published.push(event),
    hasSubscribers: () => subscribers,
    owner: (id) => (id === STEP.id ? STEP : undefined),
    running: () => state.running,
    show: (it) => {
      shown.push(it.name);
      return new Promise((resolve) =>
        releases.push(() => resolve({ schema: 1, build: it as unknown as BuildDocument, steps: [] })),
      );
    },
    monotonicMs: () => state.now,
    onProblem: (message, error) => assert.unreachable(`${message}: ${error}`),
  });
  return { feed, published, shown, releases, state };
}

test('a tick names the step that bytes belong to, and leaves out what is local', () => {
  const { feed, published } = scene();
  feed.committed(batch());
  const [event] = published;
  if (event?.event !== 'tick') throw new Error('no tick');
  assert.equal(event.tick.owners, [
    {
      id: 'exec:a',
      kind: 'step',
      name: 'RUN make',
      wan: { rxBytes: 10, txBytes: 1 },
      lan: { rxBytes: 0, txBytes: 0 },
      proxy: { rxBytes: 0, txBytes: 0 },
      step: { ref: 'b1', digest: 'sha256:1' },
    },
  ]);
});

test('a sample in which nothing moved is told, too', () => {
  const { feed, published } = scene();
  feed.idle({ from: 1000, to: 2000 });
  assert.equal(published, [
    {
      event: 'tick',
      tick: { from: '1970-01-01T00:00:01.000Z', to: '1970-01-01T00:00:02.000Z', links: [], owners: [] },
    },
  ]);
});

test('a running build is told with a tick, unless it was just before', async () => {
  const { feed, shown, releases, state, published } = scene();
  state.running = [build('b1')];
  feed.committed(batch());
  releases[0]?.();
  await until(() => published.some(({ event }) => event === 'build'));
  feed.committed(batch());
  assert.equal(shown, ['b1']);
  state.now += 1000;
  feed.committed(batch());
  assert.equal(shown, ['b1', 'b1']);
});

test('of news that come while older ones are put together, the newest are told, in order', async () => {
  const { feed, shown, releases, published } = scene();
  feed.changed(build('b1', 'first'));
  feed.changed(build('b1', 'second'));
  feed.changed(build('b1', 'third'));
  feed.changed(build('b2', 'other'));
  for (let i = 0; i < 3; i++) {
    await until(() => releases.length > i);
    releases[i]?.();
  }
  await until(() => published.length === 3);
  assert.equal(shown, ['first', 'third', 'other']);
});

test('nothing is made for nobody', () => {
  const { feed, published, shown, state } = scene(false);
  state.running = [build('b1')];
  feed.committed(batch());
  feed.changed(build('b1'));
  feed.idle({ from: 0, to: 1 });
  assert.equal(published, []);
  assert.equal(shown, []);
});

test.run();
