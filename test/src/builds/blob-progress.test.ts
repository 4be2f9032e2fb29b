import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  blobGrowth,
  completedBlob,
  isBlobTransfer,
  recordProgress,
  unreportedGrowth,
} from '../../../src/builds/blob-progress.js';
import { MOST_SAMPLES } from '../../../src/builds/limits.js';
import type { ProgressUpdate } from '../../../src/builds/status.js';
import type { BlobProgress } from '../../../src/builds/types.js';

const ID = `sha256:${'0'.repeat(64)}`;

function blobOf(updates: Partial<ProgressUpdate>[]): BlobProgress {
  const blob: BlobProgress = { id: ID, total: undefined, samples: [] };
  const nothing = {
    vertex: 'v',
    id: ID,
    current: 0,
    total: 0,
    at: undefined,
    startedAt: undefined,
    completedAt: undefined,
  };
  for (const update of updates) recordProgress(blob, { ...nothing, ...update });
  return blob;
}

test('a download that is watched grows from one value to the next', () => {
  const blob = blobOf([
    { at: 1000, current: 0, total: 400, startedAt: 900 },
    { at: 2000, current: 100, total: 400, startedAt: 900 },
    { at: 3100, current: 400, total: 400, startedAt: 900, completedAt: 3000 },
  ]);
  assert.is(blob.total, 400);
  assert.is(blobGrowth(blob, { from: 0, to: 9000 }), 400);
  assert.is(blobGrowth(blob, { from: 1500, to: 2500 }), 200);
  assert.is(blobGrowth(blob, { from: 3000, to: 9000 }), 0);
});

test('a download that is read from the history grew between its start and its end', () => {
  const blob = blobOf([{ at: 3100, current: 400, total: 400, startedAt: 1000, completedAt: 3000 }]);
  assert.is(blobGrowth(blob, { from: 0, to: 9000 }), 400);
  assert.is(blobGrowth(blob, { from: 0, to: 2000 }), 200);
});

test('a download that is under way when it is first told of began with nothing', () => {
  const blob = blobOf([{ at: 2000, current: 300, total: 400, startedAt: 1000 }]);
  assert.is(blobGrowth(blob, { from: 0, to: 9000 }), 300);
});

test('a blob that was there before has not grown', () => {
  const blob = blobOf([{ at: 3100, current: 400, total: 400, startedAt: 3000, completedAt: 900 }]);
  assert.equal(blob.samples, [{ at: 3000, current: 400 }]);
  assert.is(blobGrowth(blob, { from: 0, to: 9000 }), 0);
  assert.is(unreportedGrowth(blob, 9000), 0);
});

test('a plateau is waited out: growth lies between the values that differ', () => {
  const values = [0, 0, 0, 100].map((current, i) => ({
    at: 1000 * (i + 1),
    current,
    total: 100,
    startedAt: 1,
  }));
  assert.is(blobGrowth(blobOf(values), { from: 1000, to: 2000 }), 100 / 3);
});

test('a value that goes back, or comes late, makes no growth', () => {
  const blob = blobOf([
    { at: 1000, current: 300, total: 400 },
    { at: 2000, current: 100, total: 400 },
    { at: 1500, current: 400, total: 400 },
  ]);
  assert.is(blobGrowth(blob, { from: 0, to: 9000 }), 100);
});

test('progress without any time is nothing', () =>
  assert.equal(blobOf([{ current: 5, total: 9 }]).samples, []));

test('growth of adjoining intervals adds up to all of it, however many values were told', () => {
  const value = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat(1000));
  void fc.assert(
    fc.property(
      fc.array(value, { minLength: 2, maxLength: 300 }),
      fc.integer({ min: 1, max: 97 }),
      (steps, width) => {
        let [at, current] = [0, 0];
        const updates = steps.map(([wait, grow]) => {
          at += wait;
          current += grow;
          return { at, current, startedAt: 0 };
        });
        const blob = blobOf([{ at: 0, current: 0, startedAt: 0 }, ...updates]);
        assert.ok(blob.samples.length <= MOST_SAMPLES);
        let sum = 0;
        for (let from = 0; from < at; from += width) sum += blobGrowth(blob, { from, to: from + width });
        assert.ok(Math.abs(sum - current) < 1e-6 * (current + 1));
      },
    ),
  );
});

test('what is not told yet is a jump at most, and nothing at the end', () => {
  const blob = blobOf([
    { at: 1000, current: 0, total: 5 << 20 },
    { at: 2000, current: 1 << 20, total: 5 << 20 },
    { at: 3000, current: 5 << 20, total: 5 << 20 },
  ]);
  assert.is(unreportedGrowth(blob, 1500), 1 << 20);
  assert.is(unreportedGrowth(blob, 3000), 0);
});

test('what was left untold of a download had come when its step was done', () => {
  const blob = blobOf([
    { at: 1000, current: 0, total: 400, startedAt: 900 },
    { at: 2000, current: 100, total: 400, startedAt: 900 },
  ]);
  assert.is(blobGrowth(completedBlob(blob, 2500), { from: 2000, to: 9000 }), 300);
  const there = blobOf([{ at: 3100, current: 400, total: 400, startedAt: 3000, completedAt: 900 }]);
  assert.is(completedBlob(there, 5000), there);
  const upload = blobOf([{ at: 1000, current: 0 }]);
  assert.is(completedBlob(upload, 5000), upload);
});

test('blobs and uploads are transfers, other work is not', () => {
  assert.ok(isBlobTransfer(ID));
  assert.ok(isBlobTransfer('pushing layers'));
  for (const id of [`extracting ${ID}`, 'transferring context:', 'resolve alpine', 'sha256:1', '']) {
    assert.not(isBlobTransfer(id));
  }
});

test.run();
