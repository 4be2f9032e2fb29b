import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Log } from '../../../daemon/lifecycle/log.js';
import { type Part, Supervisor } from '../../../daemon/lifecycle/supervisor.js';

const log = new Log({ sinks: [], level: 'error', now: () => 0 });
const never = new Promise<never>(() => {});

function part(name: string, seen: string[], overrides: Partial<Part> = {}): Part {
  const overriding = { start: () => {}, stop: () => {}, ...overrides };
  return {
    name,
    stopLimitMs: overrides.stopLimitMs ?? 5000,
    start: (signal) => {
      seen.push(`+${name}`);
      return overriding.start(signal);
    },
    stop: () => {
      seen.push(`-${name}`);
      return overriding.stop();
    },
  };
}

test('each is started after the one before it works, and stopped in reverse, once', async () => {
  const seen: string[] = [];
  const slow = { start: async () => void (await Promise.resolve(seen.push('slow works'))) };
  const supervisor = new Supervisor(log);
  await supervisor.start([part('a', seen, slow), part('b', seen)], new AbortController().signal);
  assert.equal(await supervisor.stop(), []);
  await supervisor.stop();
  assert.equal(seen, ['+a', 'slow works', '+b', '-b', '-a']);
});

test('one that fails to start is stopped, too, and those after it never start', async () => {
  const seen: string[] = [];
  const supervisor = new Supervisor(log);
  const broken = part('b', seen, { start: () => Promise.reject(new Error('no')) });
  const start = supervisor.start([part('a', seen), broken, part('c', seen)], new AbortController().signal);
  assert.is(await start.catch((error: Error) => error.message), 'no');
  await supervisor.stop();
  assert.equal(seen, ['+a', '+b', '-b', '-a']);
});

test('neither an error nor a stop without an end keeps the others from stopping', async () => {
  const seen: string[] = [];
  const supervisor = new Supervisor(log);
  const throws = () => {
    throw new Error('attached');
  };
  const parts = [
    part('a', seen),
    part('b', seen, { stop: throws }),
    part('c', seen, { stop: () => never, stopLimitMs: 10 }),
    part('d', seen, { stop: () => Promise.reject('text') }),
  ];
  await supervisor.start(parts, new AbortController().signal);
  assert.equal(await supervisor.stop(), [
    { part: 'd', message: 'text' },
    { part: 'c', message: 'took longer than 10 ms' },
    { part: 'b', message: 'attached' },
  ]);
  assert.equal(seen.slice(4), ['-d', '-c', '-b', '-a']);
});

test('a start without an end gives way to an abort', async () => {
  const seen: string[] = [];
  const aborter = new AbortController();
  const supervisor = new Supervisor(log);
  const start = supervisor.start([part('a', seen, { start: () => never }), part('b', seen)], aborter.signal);
  aborter.abort(new Error('told to stop'));
  assert.is(await start.catch((error: Error) => error.message), 'told to stop');
  await supervisor.stop();
  assert.equal(seen, ['+a', '-a']);
});

test.run();
