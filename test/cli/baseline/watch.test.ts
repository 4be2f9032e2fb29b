// Which mounts make a build no cold one.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { filledMount } from '../../../cli/baseline/watch.js';
import type { StepDocument } from '../../../src/protocol/documents.js';
import { step } from '../commands/documents.js';

const NOBODYS: ReadonlySet<string> = new Set();

function mounting(digest: string, recordId: string | null, emptyAtStart: boolean | null, name = digest) {
  const rest = { id: 'x', target: '/c', sharing: null, bytesBefore: null, bytesAfter: null };
  const kind: StepDocument['kind'] = 'run';
  return step({ digest, name, kind, cacheMounts: [{ recordId, emptyAtStart, ...rest }] });
}

test('a mount that somebody filled is trouble, and so is a cache of before, though it be empty', () => {
  assert.is(filledMount([mounting('one', 'r', true)], NOBODYS), undefined);
  assert.is(filledMount([mounting('one', 'r', false)], NOBODYS), 'x of one');
  assert.is(filledMount([mounting('one', 'r', true)], new Set(['r'])), 'x of one');
  assert.is(
    filledMount([mounting('one', null, false)], NOBODYS),
    undefined,
    'which cache it is, is not known',
  );
});

test('what an earlier step of the build put there is its own', () => {
  const later = mounting('two', 'r', false);
  assert.is(filledMount([mounting('one', 'r', true), later], NOBODYS), undefined);
  assert.is(
    filledMount([later, mounting('one', 'r', null)], NOBODYS),
    undefined,
    'whether it was empty, nobody saw',
  );
  assert.is(filledMount([mounting('one', 'other', true), later], NOBODYS), 'x of two');
  assert.is(filledMount([mounting('one', 'r', false), later], NOBODYS), 'x of one');
});

test('a cache mount that begins with the files of a stage is not trouble; other words with from= are no excuse', () => {
  const named = (name: string) => filledMount([mounting('one', 'r', false, name)], NOBODYS);
  assert.is(named('RUN --mount=type=cache,from=base,source=/a,target=/c ls /c'), undefined);
  assert.is(named('RUN --mount=from=base,target=/c,type=cache ls /c'), undefined);
  assert.ok(named('RUN --mount=type=cache,target=/c curl host?from=1'));
  assert.ok(named('RUN --mount=type=bind,from=base,target=/b --mount=type=cache,target=/c ls'));
});

test.run();
