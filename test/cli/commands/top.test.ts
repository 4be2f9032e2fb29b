// The live view as plain lines: events as they come, over restarts of the daemon.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventLines } from '../../../cli/view/event-lines.js';
import type { Handlers } from '../../../daemon/server/answerer.js';
import { until } from '../../daemon/observe/docker/until.js';
import { type Setup, startServer } from '../../daemon/server/harness.js';
import { commandLine } from './command-line.js';
import { EVENTS } from './documents.js';

const SUBSCRIBE: Handlers = {
  subscribe: (_, { subscribe }) => {
    subscribe?.();
    return {};
  },
};

interface Watching {
  text(): string;
  /** Ends it as Ctrl-C does. */
  end(): Promise<{ code: number; stderr: string }>;
}

function watch(setup: Setup, ...flags: string[]): Watching {
  const controller = new AbortController();
  let text = '';
  const running = commandLine(['top', ...flags], {
    env: { NETMETER_STATE_DIR: setup.dir },
    signal: controller.signal,
    onOutput: (all) => {
      text = all;
    },
  });
  return {
    text: () => text,
    end: () => {
      controller.abort();
      return running;
    },
  };
}

function publishAll(setup: Setup): void {
  for (const { version: _, ...body } of EVENTS.slice(1)) setup.server.publish(body);
}

test('every event becomes its lines', async () => {
  const setup = await startServer(SUBSCRIBE, {});
  try {
    const watching = watch(setup);
    await until(() => setup.server.hasSubscribers);
    publishAll(setup);
    const expected = EVENTS.slice(1).flatMap((event) => eventLines(event, 'UTC'));
    await until(() => watching.text().includes(expected.at(-1)!));
    assert.equal(watching.text().trimEnd().split('\n').slice(1), expected);
    assert.match(watching.text(), /^00:00:00 daemon version=1\.2\.3 /);
    assert.equal(await watching.end(), { code: 0, stdout: watching.text(), stderr: '' });
  } finally {
    await setup.close();
  }
});

test('--json: one event a line, whole', async () => {
  const setup = await startServer(SUBSCRIBE, {});
  try {
    const watching = watch(setup, '--json');
    await until(() => setup.server.hasSubscribers);
    publishAll(setup);
    await until(() => watching.text().includes('"dropped"'));
    const events = watching
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(
      events.slice(1),
      EVENTS.slice(1).map((event) => ({ schema: 1, ...event })),
    );
    assert.is((await watching.end()).code, 0);
  } finally {
    await setup.close();
  }
});

test('a daemon that goes away is waited for', async () => {
  const setup = await startServer(SUBSCRIBE, {});
  const watching = watch(setup);
  try {
    await until(() => setup.server.hasSubscribers);
    await setup.server.stop();
    const again = await startServer(SUBSCRIBE, {}, { socketPath: setup.place.socket });
    try {
      await until(() => again.server.hasSubscribers);
      again.server.publish({ event: 'dropped', count: 7 });
      await until(() => watching.text().includes('dropped events=7'));
      const { code, stderr } = await watching.end();
      assert.is(code, 0);
      assert.match(stderr, 'the daemon is gone; waiting for it to come back');
    } finally {
      await again.close();
    }
  } finally {
    await watching.end();
    await setup.close();
  }
});

test.run();
