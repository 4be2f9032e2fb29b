import { request } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { connectLive, type LiveConnection } from '../../../cli/client/live-connection.js';
import { NetmeterError } from '../../../src/errors.js';
import type { Event, EventBody } from '../../../src/protocol/messages.js';
import { type Setup, startServer } from './harness.js';

const subscribe = {
  subscribe: (_: unknown, context: { subscribe: (() => void) | undefined }) => {
    context.subscribe?.();
    return {};
  },
};

let setup: Setup | undefined;
const connections: LiveConnection[] = [];

test.after.each(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await setup?.close();
  setup = undefined;
});

async function connect(
  server: Setup,
): Promise<{ connection: LiveConnection; events: Event[]; next: () => Promise<void> }> {
  const events: Event[] = [];
  let wake: () => void = () => {};
  const connection = await connectLive([server.place], (event) => {
    events.push(event);
    wake();
  });
  connections.push(connection);
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  return { connection, events, next };
}

function warning(message: string): EventBody {
  return { event: 'warning', warning: { code: 'test', message, at: '2026-01-01T00:00:00.000Z' } };
}

function messages(events: readonly Event[]): string[] {
  return events.flatMap((event) => (event.event === 'warning' ? [event.warning.message] : []));
}

test('a live client is greeted, asks, and receives events once it asked for them', async () => {
  setup = await startServer({}, { ...subscribe, logs: () => ({ lines: ['a'], cursor: 'c' }) });
  const { connection, events, next } = await connect(setup);
  assert.is(setup.server.hasSubscribers, false);
  setup.server.publish(warning('too early'));
  assert.equal(await connection.ask('logs', {}), { lines: ['a'], cursor: 'c' });
  await connection.ask('subscribe', {});
  assert.is(setup.server.hasSubscribers, true);
  setup.server.publish(warning('seen'));
  while (messages(events).length === 0) await next();
  assert.equal(messages(events), ['seen']);
  assert.equal(events[0], {
    version: 1,
    event: 'hello',
    daemonVersion: '1.2.3',
    startedAt: '2026-01-01T00:00:00.000Z',
    tickMs: 1000,
  });
});

test('errors come back to the question they belong to', async () => {
  setup = await startServer({}, { ...subscribe, logs: () => ({ lines: [], cursor: 'c' }) });
  const { connection } = await connect(setup);
  const [first, second] = await Promise.allSettled([
    connection.ask('build', { ref: '' }),
    connection.ask('logs', {}),
  ]);
  assert.is(first.status === 'rejected' && (first.reason as NetmeterError).code, 'usage');
  assert.is(second.status, 'fulfilled');
});

test('a subscriber that leaves is forgotten', async () => {
  setup = await startServer({}, subscribe);
  const { connection } = await connect(setup);
  await connection.ask('subscribe', {});
  connection.close();
  await connection.closed;
  while (setup.server.hasSubscribers) await new Promise((resolve) => setImmediate(resolve));
});

test('all of fifty subscribers get the same event', async () => {
  setup = await startServer({}, subscribe);
  const server = setup;
  const clients = await Promise.all(Array.from({ length: 50 }, () => connect(server)));
  await Promise.all(clients.map(({ connection }) => connection.ask('subscribe', {})));
  setup.server.publish(warning('all'));
  for (const { events, next } of clients) while (messages(events).length === 0) await next();
  assert.ok(clients.every(({ events }) => messages(events).join() === 'all'));
});

/** A subscriber that takes nothing from its socket until it is told to. */
async function pausedSubscriber(server: Setup): Promise<WebSocket> {
  const socket = new WebSocket(`ws+unix:${server.place.socket}:/live`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('message', resolve));
  socket.send('{"version":1,"id":1,"type":"subscribe","params":{}}');
  await new Promise((resolve) => socket.once('message', resolve));
  socket.pause();
  return socket;
}

test('a client that does not read misses events, is told how many, and harms nobody', async () => {
  const limits = { bufferBytes: 200_000, stuckMs: 1e9, pending: 32 };
  setup = await startServer({}, subscribe, { limits });
  const slow = await pausedSubscriber(setup);
  const { connection, events, next } = await connect(setup);
  await connection.ask('subscribe', {});
  const sent = 100;
  for (let index = 0; index < sent; index++) {
    setup.server.publish(warning(`${index} ${'x'.repeat(50_000)}`));
    while (messages(events).length <= index) await next();
  }
  const received: Event[] = [];
  const told = new Promise<void>((resolve) => {
    slow.on('message', (data) => {
      received.push(JSON.parse(String(data)) as Event);
      if (messages(received).at(-1) === 'last') resolve();
    });
  });
  slow.resume();
  const timer = setInterval(() => setup?.server.publish(warning('last')), 5);
  await told;
  clearInterval(timer);
  const seen = messages(received)
    .filter((text) => text !== 'last')
    .map((text) => Number(text.split(' ')[0]));
  const dropped = received.flatMap((event) => (event.event === 'dropped' ? [event.count] : []));
  const lasts = received.filter(
    (event) => event.event === 'warning' && event.warning.message === 'last',
  ).length;
  assert.ok(seen.length > 0 && seen.length < sent, `${seen.length} of ${sent} were kept`);
  assert.equal(seen, Array.from(seen.keys()), 'the kept ones are the first ones, in order');
  const missed = dropped.reduce((sum, count) => sum + count, 0);
  assert.ok(missed >= sent - seen.length && lasts >= 1, `${missed} missed`);
  slow.terminate();
});

test('a client that takes nothing for too long is closed', async () => {
  let now = 0;
  const limits = { bufferBytes: 100_000, stuckMs: 1000, pending: 32 };
  setup = await startServer({}, subscribe, { limits, monotonicMs: () => now });
  const stuck = await pausedSubscriber(setup);
  const publish = (): void => setup?.server.publish(warning('x'.repeat(50_000)));
  for (let index = 0; index < 50; index++) {
    publish();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.is(setup.server.hasSubscribers, true);
  now = 999;
  publish();
  assert.is(setup.server.hasSubscribers, true);
  now = 1000;
  publish();
  while (setup.server.hasSubscribers) await new Promise((resolve) => setImmediate(resolve));
  stuck.terminate();
});

test('a client with too many questions under way is closed', async () => {
  setup = await startServer({}, { logs: () => new Promise<never>(() => {}) });
  const { connection } = await connect(setup);
  const questions = Array.from({ length: 40 }, () =>
    connection.ask('logs', {}).catch((error: NetmeterError) => error.code),
  );
  assert.equal(new Set(await Promise.all(questions)), new Set(['daemon-not-running']));
});

test('a WebSocket elsewhere is refused with a reason', async () => {
  setup = await startServer({}, {});
  const { socket } = setup.place;
  const status = await new Promise((resolve, reject) => {
    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const outgoing = request(
      { socketPath: socket, path: '/elsewhere', headers, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
  assert.is(status, 400);
});

test('live clients learn that the daemon stops, and that none runs', async () => {
  setup = await startServer({}, subscribe);
  const { connection } = await connect(setup);
  await setup.server.stop();
  await connection.closed;
  const error = await connectLive([setup.place], () => {}).catch((caught: unknown) => caught);
  assert.instance(error, NetmeterError);
  assert.is((error as NetmeterError).code, 'daemon-not-running');
});

test.run();
