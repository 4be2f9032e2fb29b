// netmeter run says on stderr what is warned of meanwhile, when it comes, and each once.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { WarningDocument } from '../../../src/protocol/documents.js';
import type { RunEndResult } from '../../../src/protocol/messages.js';
import { until } from '../../daemon/observe/docker/until.js';
import { startServer } from '../../daemon/server/harness.js';
import { runCommand, startCommand } from './command.js';

const NOTHING = { rxBytes: 0, txBytes: 0 };
const warning = (message: string): WarningDocument => ({
  code: 'budget-used',
  message,
  at: '2026-11-24T09:00:00.000Z',
  seen: false,
});
const EARLY = warning('80 % of \u001b[31mit');
const UNHEARD = warning('95 % of it');
const startedAt = '2026-11-24T08:59:00.000Z';
const used = (warnings: WarningDocument[]): RunEndResult => ({
  runId: 'r1',
  startedAt,
  durationMs: 1,
  remainingProcesses: 0,
  wan: NOTHING,
  lan: NOTHING,
  proxy: NOTHING,
  tier: 'exact',
  remotes: [],
  build: null,
  warnings,
});

const server = (withEvents: boolean) =>
  startServer(
    withEvents
      ? {
          subscribe: (_, { subscribe }) => {
            subscribe?.();
            return {};
          },
        }
      : {},
    {
      'run-begin': () => ({ runId: 'r1', cgroupPath: '/r1', startedAt, wantsProgress: false }),
      'run-end': ({ final }) => used(final ? [EARLY, UNHEARD] : []),
    },
  );
const count = (text: string, part: string) => text.split(part).length - 1;

test('as they come, and at the end those that were not heard of', async () => {
  const setup = await server(true);
  try {
    const running = startCommand(['run', '--', 'cat'], { NETMETER_STATE_DIR: setup.dir });
    let early = '';
    running.child.stderr.on('data', (text: string) => {
      early += text;
    });
    await until(() => setup.server.hasSubscribers);
    setup.server.publish({ event: 'warning', warning: EARLY });
    await until(() => early.includes('80 % of'));
    running.child.stdin.end();
    const { code, stderr } = await running.ended;
    assert.is(code, 0);
    assert.is(count(stderr, 'netmeter: warning: 80 % of \\e[31mit (budget-used)\n'), 1);
    assert.is(count(stderr, 'netmeter: warning: 95 % of it (budget-used)\n'), 1);
  } finally {
    await setup.close();
  }
});

test('without events they are known at the end', async () => {
  const setup = await server(false);
  try {
    const { code, stderr } = await runCommand(['run', '--', 'true'], { NETMETER_STATE_DIR: setup.dir });
    assert.is(code, 0);
    assert.is(count(stderr, 'netmeter: warning: '), 2);
  } finally {
    await setup.close();
  }
});

test.run();
