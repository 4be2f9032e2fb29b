// The feed on a real socket: what it asks, when, and what it does when the daemon goes, comes, or is another one.

import { createServer } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocketServer } from 'ws';
import { Feed, type FeedOptions } from '../../../cli/ui/feed.js';
import type { Handlers } from '../../../daemon/server/answerer.js';
import { NetmeterError } from '../../../src/errors.js';
import { type Place, resolvePlaces } from '../../../src/protocol/paths.js';
import { until } from '../../daemon/observe/docker/until.js';
import { startServer, temporaryDir } from '../../daemon/server/harness.js';
import { build, HELLO, iso, owner, received, STEPS, status } from './scene.js';

interface Asked {
  type: string;
  since?: number;
}

function handlers(asked: Asked[]): Handlers {
  const note = (type: string, since?: number) => asked.push(since === undefined ? { type } : { type, since });
  return {
    subscribe: (_, { subscribe }) => {
      subscribe?.();
      return {};
    },
    status: ({ since }) => {
      note('status', since);
      return status();
    },
    builds: () => {
      note('builds');
      return { schema: 1, builds: [build({ ref: 'old', status: 'completed' })] };
    },
    build: ({ ref }) => {
      note(`build ${ref}`);
      return { schema: 1, build: build({ ref: 'old', status: 'completed' }), steps: STEPS };
    },
    remotes: ({ since }) => {
      note('remotes', since);
      return { schema: 1, since: iso(0), remotes: [] };
    },
  };
}

function started(places: readonly Place[], more: Partial<FeedOptions> = {}) {
  const controller = new AbortController();
  const feed = new Feed({
    places,
    now: () => Date.now(),
    timeZone: 'UTC',
    signal: controller.signal,
    ...more,
  });
  const running = feed.run();
  // Looked at where it is waited for.
  running.catch(() => {});
  return {
    feed,
    running,
    end: async () => {
      controller.abort();
      await running;
    },
  };
}

test('asks for builds and totals once it is connected, and again when a build ends', async () => {
  const asked: Asked[] = [];
  const setup = await startServer(handlers(asked), {});
  const { feed, end } = started([setup.place]);
  try {
    await until(() => feed.view().owners.length > 0);
    assert.equal(asked.map(({ type }) => type).slice(0, 2), ['builds', 'status']);
    assert.is(feed.view().builds[0]?.document.ref, 'old');
    assert.is(asked.find(({ type }) => type === 'status')?.since, new Date().setHours(0, 0, 0, 0));
    const before = asked.length;
    setup.server.publish({ event: 'build', build: build(), steps: STEPS });
    await until(() => feed.view().builds.length === 2);
    setup.server.publish({
      event: 'build',
      build: build({ status: 'failed', completedAt: iso(0) }),
      steps: STEPS,
    });
    await until(() => asked.length >= before + 2);
    assert.ok(asked.slice(before).some(({ type }) => type === 'builds'));
  } finally {
    await end();
    await setup.close();
  }
});

test('another period is asked for at once, beside today; remotes and steps when they are looked at', async () => {
  const asked: Asked[] = [];
  const setup = await startServer(handlers(asked), {});
  const { feed, end } = started([setup.place]);
  try {
    await until(() => feed.view().owners.length > 0);
    feed.want({ period: 'start', remotes: true, warnings: false, refs: ['old'] });
    await until(() => feed.view().remotes !== null);
    const since = Date.parse('2026-01-01T00:00:00.000Z');
    assert.ok(asked.some((each) => each.type === 'status' && each.since === since));
    assert.ok(asked.some((each) => each.type === 'remotes' && each.since === since));
    assert.is(feed.view().period, 'start');
    assert.ok((feed.view().builds[0]?.steps?.length ?? 0) > 0);
    assert.is(asked.filter(({ type }) => type === 'build old').length, 1);
  } finally {
    await end();
    await setup.close();
  }
});

test('warnings that are looked at are seen, once', async () => {
  const seen: number[] = [];
  const setup = await startServer(
    {
      ...handlers([]),
      status: () => status({ warnings: status().warnings.map((it) => ({ ...it, seen: seen.length > 0 })) }),
      'warnings-seen': ({ until: time }) => {
        seen.push(time);
        return {};
      },
    },
    {},
  );
  const { feed, end } = started([setup.place]);
  try {
    await until(() => feed.view().owners.length > 0);
    assert.equal(seen, []);
    feed.want({ period: 'today', remotes: false, warnings: true, refs: [] });
    await until(() => seen.length === 1);
    feed.want({ period: 'hour', remotes: false, warnings: true, refs: [] });
    await until(() => feed.view().period === 'hour');
    assert.is(seen.length, 1);
    assert.ok(Math.abs(seen[0]! - Date.now()) < 10_000);
  } finally {
    await end();
    await setup.close();
  }
});

test('waits for a daemon that is not there, and for one that goes away; tells since when', async () => {
  const dir = temporaryDir();
  const [place] = resolvePlaces({ env: {}, uid: 0, cwd: '/', stateDir: dir });
  const { feed, end } = started([place]);
  try {
    await until(() => feed.view().connection.state === 'waiting');
    const { connection } = feed.view();
    if (connection.state !== 'waiting') throw new Error(connection.state);
    assert.is(connection.before, false);
    assert.match(connection.hint ?? '', 'netmeter start');
    const setup = await startServer(handlers([]), {}, { socketPath: place.socket });
    await until(() => feed.view().connection.state === 'live');
    await until(() => feed.view().owners.length > 0);
    await setup.close();
    await until(() => feed.view().connection.state === 'waiting');
    assert.is(feed.view().owners.length > 0, true, 'the last figures stay');
    const again = await startServer(
      { ...handlers([]), status: () => status({ owners: [owner({ wan: received(1) })] }) },
      {},
      { socketPath: place.socket },
    );
    await until(() => feed.view().connection.state === 'live' && feed.view().owners.length === 1);
    await again.close();
  } finally {
    await end();
  }
});

test('a daemon of another protocol ends it, saying which', async () => {
  const dir = temporaryDir();
  const [place] = resolvePlaces({ env: {}, uid: 0, cwd: '/', stateDir: dir });
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, path: '/live' });
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify({ version: 2, ...HELLO, daemonVersion: '9.0.0' }));
  });
  await new Promise<void>((resolve) => http.listen(place.socket, resolve));
  const { running } = started([place]);
  try {
    await running;
    assert.unreachable('it goes on');
  } catch (error) {
    if (!(error instanceof NetmeterError)) throw error;
    assert.is(error.code, 'protocol-mismatch');
    assert.match(
      error.message,
      'this client speaks protocol 1, the running daemon (netmeter 9.0.0) speaks 2',
    );
    assert.match(error.hint ?? '', 'netmeter stop && netmeter start');
  } finally {
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => http.close(resolve));
  }
});

test('a daemon that answers questions with errors is listened to all the same', async () => {
  const setup = await startServer(
    {
      subscribe: handlers([]).subscribe!,
      status: () => {
        throw new NetmeterError('database-locked', 'the database is locked');
      },
    },
    {},
  );
  const { feed, end } = started([setup.place]);
  try {
    await until(() => setup.server.hasSubscribers);
    setup.server.publish({ event: 'build', build: build(), steps: STEPS });
    await until(() => feed.view().builds.length === 1);
    assert.is(feed.view().connection.state, 'live');
  } finally {
    await end();
    await setup.close();
  }
});

test.run();
