// The list of cache mounts, and what it says of them in all.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cachesText } from '../../../cli/caches/cache-text.js';
import type { CacheDocument } from '../../../src/protocol/documents.js';

function cache(id: string, sizeBytes: number | null): CacheDocument {
  return {
    id,
    namespace: '',
    target: '/c',
    targets: ['/c'],
    recordId: `record-${id}`,
    sizeBytes,
    createdAt: null,
    lastUsedAt: null,
    usageCount: 1,
    inUse: false,
    heldBy: null,
    manager: null,
    path: null,
    savedBytes: null,
    prunedNext: false,
    refillBytes: null,
    uses: [],
  };
}

const sumOf = (...sizes: (number | null)[]) => {
  const caches = sizes.map((size, index) => cache(`c${index}`, size));
  return cachesText(caches, 'UTC', 80).trimEnd().split('\n').at(-1);
};

test('sizes are added up, and those that are not known are not taken for 0', () => {
  assert.is(sumOf(12_000_000), '1 cache mount, 12.0 MB');
  assert.is(sumOf(12_000_000, 3_000_000), '2 cache mounts, 15.0 MB');
  assert.is(sumOf(12_000_000, null), '2 cache mounts, 12.0 MB and 1 of unknown size');
  assert.is(sumOf(null, null), '2 cache mounts, of unknown size');
});

test.run();
