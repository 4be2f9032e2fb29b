import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readRequest } from '../../../src/protocol/requests.js';

function read(value: unknown) {
  return readRequest(JSON.stringify(value), '1.2.3');
}

function errorOf(value: unknown): { id: number; code: string; message: string } {
  const result = read(value);
  if (!('error' in result)) throw new Error('was accepted');
  return { id: result.id, code: result.error.code, message: result.error.message };
}

test('a request is read with the parameters of its type', () => {
  const request = { version: 1, id: 7, type: 'builds', params: { limit: 3 } };
  assert.equal(read(request), { id: 7, request });
  assert.equal(read({ version: 1, id: 7, type: 'stop' }), {
    id: 7,
    request: { version: 1, id: 7, type: 'stop', params: {} },
  });
});

test('another version is told both versions, whatever else it sends', () => {
  const error = errorOf({ version: 9, id: 3, type: 'of-the-future', params: [1] });
  assert.is(error.code, 'protocol-mismatch');
  assert.is(error.id, 3);
  assert.match(error.message, 'protocol 9');
  assert.match(error.message, 'netmeter 1.2.3) speaks 1');
});

for (const [name, value, message] of [
  ['an unknown type', { version: 1, id: 1, type: 'toString', params: {} }, 'unknown request type "toString"'],
  ['a number that is a text', { version: 1, id: 1, type: 'builds', params: { limit: '3' } }, 'limit'],
  ['a limit of nothing', { version: 1, id: 1, type: 'builds', params: { limit: 0 } }, 'limit'],
  ['an unknown parameter', { version: 1, id: 1, type: 'stop', params: { force: true } }, 'force'],
  ['a process group', { version: 1, id: 1, type: 'run-begin', params: { command: ['x'], pid: -1 } }, 'pid'],
  [
    'a build that is none',
    { version: 1, id: 1, type: 'run-progress', params: { runId: 'r', build: { ref: '../x', steps: 3 } } },
    'build.ref',
  ],
  ['no parameters where some are needed', { version: 1, id: 1, type: 'build' }, 'ref'],
  ['a list', [], 'the request is invalid'],
  ['nothing', null, 'the request is invalid'],
  ['a huge id', { version: 1, id: 1e300, type: 'stop', params: {} }, 'id'],
] as const) {
  test(`${name} is wrong usage, and the error says where`, () => {
    const error = errorOf(value);
    assert.is(error.code, 'usage');
    assert.ok(error.message.includes(message), error.message);
  });
}

test('what is no JSON is wrong usage', () => {
  const result = readRequest('{"version":1', '1.2.3');
  assert.is('error' in result && result.error.code, 'usage');
});

test.run();
