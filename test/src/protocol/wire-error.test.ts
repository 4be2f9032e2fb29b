import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodeOf, NetmeterError } from '../../../src/errors.js';
import { fromWireError, toWireError } from '../../../src/protocol/wire-error.js';

test('an error arrives as it was sent, exit code included', () => {
  const sent = new NetmeterError('permission-denied', 'no', { hint: 'sudo' });
  const arrived = fromWireError(JSON.parse(JSON.stringify(toWireError(sent))));
  assert.equal([arrived.code, arrived.message, arrived.hint], ['permission-denied', 'no', 'sudo']);
  assert.is(exitCodeOf(arrived), 4);
});

test('other errors travel as internal, without a stack', () => {
  assert.equal(toWireError(new TypeError('x is undefined')), {
    code: 'internal',
    message: 'x is undefined',
    hint: null,
  });
  assert.is(toWireError('thrown text').message, 'thrown text');
});

test.run();
