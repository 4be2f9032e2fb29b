import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WordTable } from '../../../src/capture/word-table.js';

test('property: numbers keys in the order they came, like a Map would', () => {
  const key = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), (keys) => {
      const table = new WordTable(3, 1e6);
      const expected = new Map<string, number>();
      for (const words of keys) {
        const name = words.join();
        if (!expected.has(name)) expected.set(name, expected.size);
        assert.is(table.indexOf(Int32Array.from(words)), expected.get(name));
      }
      assert.is(table.count, expected.size);
    }),
  );
});

test('grows, keeps its entries, and refuses what is over its limit', () => {
  const table = new WordTable(2, 50_000);
  const key = new Int32Array(2);
  for (let i = 0; i < 50_000; i++) {
    key[0] = i;
    key[1] = -i;
    assert.is(table.indexOf(key), i);
  }
  key[0] = -1;
  assert.is(table.indexOf(key), -1);
  key[0] = 41_234;
  key[1] = -41_234;
  assert.is(table.indexOf(key), 41_234);
  assert.is(table.word(41_234, 1), -41_234);
});

test.run();
