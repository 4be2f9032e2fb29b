import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildStatus, saysCanceled, stepStatus } from '../../../src/builds/outcome.js';

test('an error that ends with the cancellation is one', () => {
  assert.ok(saysCanceled('context canceled'));
  assert.ok(saysCanceled('failed to do request: context canceled'));
  assert.ok(
    saysCanceled('process "/bin/sh -c x" did not complete successfully: exit code: 137: context canceled'),
  );
});

test('a command that speaks of cancellation and fails by itself is none', () => {
  assert.not(
    saysCanceled('process "/bin/sh -c echo : context canceled" did not complete successfully: exit code: 1'),
  );
  assert.not(saysCanceled('context deadline exceeded'));
});

test('a build ends as its record says', () => {
  assert.is(buildStatus(undefined), 'completed');
  assert.is(buildStatus({ code: 1, message: 'stopped' }), 'canceled');
  assert.is(buildStatus({ code: 2, message: 'a: context canceled' }), 'canceled');
  assert.is(buildStatus({ code: 2, message: 'exit code: 1' }), 'failed');
});

const never = { error: undefined, cached: false, started: false, completed: false };
const running = { ...never, started: true };
const over = { ...running, completed: true };
const TABLE: [ReturnType<typeof stepStatus>, Parameters<typeof stepStatus>][] = [
  ['pending', [never, 'running']],
  ['running', [running, 'running']],
  ['done', [over, 'running']],
  ['cached', [{ ...over, cached: true }, 'running']],
  ['failed', [{ ...over, error: 'exit code: 1' }, 'failed']],
  ['canceled', [{ ...over, error: 'x: context canceled' }, 'failed']],
  ['cached', [{ ...over, error: 'x: context canceled' }, 'completed']],
  ['canceled', [never, 'failed']],
  ['canceled', [running, 'canceled']],
  ['cached', [never, 'completed']],
  ['done', [running, 'completed']],
];
for (const [status, args] of TABLE) {
  test(`${JSON.stringify(args)} is ${status}`, () => assert.is(stepStatus(...args), status));
}

test.run();
