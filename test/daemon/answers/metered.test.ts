import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { wasMetered } from '../../../daemon/answers/metered.js';

test('a period without rows was metered only if counting began before its end', async () => {
  const store = (since: string | undefined) => ({ meta: async () => since });
  assert.is(await wasMetered(store('1000'), 1000), false);
  assert.is(await wasMetered(store('1000'), 1001), true);
  assert.is(await wasMetered(store(undefined), 1), true);
});

test.run();
