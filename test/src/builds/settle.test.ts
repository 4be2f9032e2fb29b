import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { settle } from '../../../src/builds/settle.js';
import type { Build } from '../../../src/builds/types.js';
import type { TrafficRow } from '../../../src/metering/types.js';
import { blob, build, bytesAfter, ENGINE, ORIGIN, pull, REGISTRY, row, step } from './traffic.js';

const MB = 1_000_000;

function shares(rows: TrafficRow[], ...builds: Build[]): Record<string, number> {
  const after = bytesAfter(rows, settle({ rows, builds }).moves);
  return Object.fromEntries(Object.entries(after).map(([id, bytes]) => [id, Math.round(bytes)]));
}

test('the only active step has all of it, nobody has what was before and after', () => {
  const rows = [row(1, 10), row(2, 200), row(3, 300), row(9, 40)];
  assert.equal(shares(rows, build('b', [step('a', { seconds: [[1.2, 2.7]] })])), {
    [ENGINE]: 50,
    'source:b/a': 500,
  });
});

test('a step that has just ended gets the end of its connection, if nothing else runs', () => {
  const ended = step('a', { seconds: [[0.2, 0.9]] });
  assert.equal(shares([row(2, 100)], build('b', [ended])), { 'source:b/a': 100, [ENGINE]: 0 });
  const other = step('c', { seconds: [[1.5, 1.8]] });
  assert.equal(shares([row(2, 100)], build('b', [ended, other])), { 'source:b/c': 100, [ENGINE]: 0 });
  const long = step('a', { seconds: [[0.2, 0.4]] });
  assert.equal(shares([row(2, 100)], build('b', [long])), { [ENGINE]: 100 });
});

test('a step that began in the same instant as a tick ended has what was counted by then', () => {
  const began = step('a', { seconds: [[1.001, 1.7]] });
  assert.equal(shares([row(1, 100), row(2, 200)], build('b', [began])), { 'source:b/a': 300, [ENGINE]: 0 });
  const later = step('a', { seconds: [[1.002, 1.7]] });
  assert.equal(shares([row(1, 100), row(2, 200)], build('b', [later])), { 'source:b/a': 200, [ENGINE]: 100 });
  const other = step('c', { seconds: [[0.4, 0.8]] });
  const after = shares([row(1, 100), row(2, 200)], build('b', [began, other]));
  assert.equal(after, { 'source:b/a': 200, 'source:b/c': 100, [ENGINE]: 0 });
});

test('a look into the cache claims nothing', () => {
  assert.equal(shares([row(1, 100)], build('b', [step('a', { seconds: [[0.5, 0.501]] })])), {
    [ENGINE]: 100,
  });
});

test('two pulls share by the growth of their blobs', () => {
  const steps = [pull('a', [0, 3], 9 * MB), pull('c', [0, 3], 3 * MB)];
  const after = shares([row(1, 4 * MB), row(2, 4 * MB), row(3, 4 * MB)], build('b', steps));
  assert.equal(after, { 'source:b/a': 9 * MB, 'source:b/c': 3 * MB, [ENGINE]: 0 });
});

test('a cached step whose layers come from an imported cache has what they took, not the look into that cache', () => {
  const asked = step('asked', {
    kind: 'internal',
    instruction: `importing cache manifest from ${REGISTRY.address}:${REGISTRY.port}/app:cache`,
    seconds: [[0.1, 0.2]],
  });
  const run = { kind: 'run', instruction: 'RUN make', status: 'cached' } as const;
  const pulling = step('pulling', { ...run, pullsCache: true, seconds: [[0.3, 0.9]] });
  const cached = step('cached', { ...run, seconds: [[0.3, 0.301]] });
  const rows = [row(1, 9 * MB, { remote: REGISTRY })];
  assert.equal(shares(rows, build('b', [asked, pulling, cached])), {
    [ENGINE]: 0,
    'source:b/pulling': 9 * MB,
  });
});

test('a blob that was never told of is a pull’s by its manifest', () => {
  const hasty = { ...pull('a', [0, 1], 592), declared: [manifest(12 * MB)] };
  const steps = [hasty, { ...pull('c', [0, 1], 8 * MB), declared: [manifest(8 * MB)] }];
  const after = shares([row(1, 20.8 * MB)], build('b', steps));
  assert.ok(Math.abs(after['source:b/a']! - 12.48 * MB) < 0.1 * MB, JSON.stringify(after));
  assert.ok(Math.abs(after['source:b/c']! - 8.32 * MB) < 0.1 * MB, JSON.stringify(after));
});

function manifest(bytes: number) {
  const range = { bytes, lowBytes: bytes, highBytes: bytes };
  return { ...range, isOnTop: false, basis: 'derived', source: "the image's manifest" } as const;
}

test('a blob that two pulls show is fetched once, by the one that began first', () => {
  const common = blob('sha256:x', [0, 2], 8 * MB);
  const first = pull('z', [0, 2], 1 * MB);
  const second = pull('a', [0.1, 2], 1 * MB);
  for (const each of [first, second]) each.blobs.push(common);
  const after = shares([row(1, 5 * MB), row(2, 5 * MB)], build('b', [second, first]));
  assert.ok(Math.abs(after['source:b/z']! - 9 * MB) < 0.1 * MB, JSON.stringify(after));
  assert.ok(Math.abs(after['source:b/a']! - 1 * MB) < 0.1 * MB);
});

test('what tells no progress takes what the growing blobs leave', () => {
  const steps = [pull('a', [0, 2], 4 * MB), step('c', { seconds: [[0, 2]] })];
  const after = shares([row(1, 5 * MB), row(2, 5 * MB)], build('b', steps));
  // 3.8 % for the wire's headers.
  assert.equal(after, { 'source:b/a': 4.152 * MB, 'source:b/c': 5.848 * MB, [ENGINE]: 0 });
});

test('two without progress share by the time that they ran', () => {
  const steps = [step('a', { seconds: [[0, 0.25]] }), step('c', { seconds: [[0.1, 0.85]] })];
  assert.equal(shares([row(1, 100)], build('b', steps)), { 'source:b/a': 25, 'source:b/c': 75, [ENGINE]: 0 });
});

test('a remote that a source names goes to that source', () => {
  const steps = [
    pull('a', [0, 1], 50, { instruction: 'FROM 198.51.100.7:5000/app:1' }),
    step('c', { seconds: [[0, 1]], instruction: 'ADD http://198.51.100.8/x /' }),
  ];
  const rows = [row(1, 7 * MB, { remote: REGISTRY }), row(1, 100, { remote: ORIGIN })];
  const bounded = shares(rows, build('b', steps));
  assert.is(bounded['source:b/c'], 100);
  // 50 bytes of blobs do not cost 7 MB: somebody else pulled from there.
  assert.ok(bounded['source:b/a']! < 300_000 && bounded[ENGINE]! > 6.5 * MB);
});

test('with names resolved, host names are as good as addresses', () => {
  const steps = [
    step('a', { seconds: [[0, 1]] }),
    step('c', { seconds: [[0, 1]], instruction: 'ADD http://o.test/x /' }),
  ];
  const rows = [row(1, 60, { remote: ORIGIN }), row(1, 40)];
  const addressesOf = (host: string) => (host === 'o.test' ? [ORIGIN.address] : []);
  const { moves } = settle({ rows, builds: [build('b', steps)], addressesOf });
  assert.equal(bytesAfter(rows, moves), { 'source:b/c': 60, 'source:b/a': 40, [ENGINE]: 0 });
});

test('what follows a redirect is the step’s, when nobody else can be meant', () => {
  const steps = [step('c', { seconds: [[0, 1]], instruction: 'ADD http://198.51.100.8/x /' })];
  const rows = [row(1, 10, { remote: ORIGIN }), row(1, 90)];
  assert.equal(shares(rows, build('b', steps)), { 'source:b/c': 100, [ENGINE]: 0 });
});

test('a lookup gets something only where nothing is fetched', () => {
  const lookup = step('l', {
    kind: 'internal',
    instruction: 'load metadata for docker.io/library/alpine:3',
    seconds: [[0, 2]],
  });
  const after = shares([row(1, 9_000), row(2, 500)], build('b', [lookup, step('a', { seconds: [[1, 2]] })]));
  assert.equal(after, { 'source:b/l': 9_000, 'source:b/a': 500, [ENGINE]: 0 });
});

test('loopback is nobody’s unless a source names it', () => {
  const local = { class: 'local', remote: { address: '127.0.0.1', port: 5000, protocol: 'tcp' } } as const;
  const near = step('a', { seconds: [[0, 1]], instruction: 'ADD http://127.0.0.1:5000/x /' });
  const far = step('a', { seconds: [[0, 1]] });
  assert.equal(shares([row(1, 100, local)], build('b', [far])), { [ENGINE]: 100 });
  assert.equal(shares([row(1, 100, local)], build('b', [near])), { 'source:b/a': 100, [ENGINE]: 0 });
});

test('a shared step claims nothing: it is the other build’s', () => {
  const shared = step('a', { seconds: [[0, 1]], status: 'shared', sharedWith: 'b' });
  const after = shares([row(1, 100)], build('c', [shared]), build('b', [step('a', { seconds: [[0, 1]] })]));
  assert.equal(after, { 'source:b/a': 100, [ENGINE]: 0 });
});

test('uploads of a result are the export’s', () => {
  const push = { id: 'pushing layers', total: undefined, samples: [{ at: 0, current: 0 }] };
  const exporting = (blobs: (typeof push)[]) =>
    step('e', { kind: 'export', instruction: 'exporting to image', seconds: [[0, 1]], blobs });
  assert.equal(shares([row(1, 100)], build('b', [exporting([push])])), { 'source:b/e': 100, [ENGINE]: 0 });
  assert.equal(shares([row(1, 100)], build('b', [exporting([])])), { [ENGINE]: 100 });
});

test('a lone pull takes all that its blobs can have cost, and what somebody else pulled stays the engine’s', () => {
  const alone = build('b', [pull('a', [0, 2], 10 * MB)]);
  assert.equal(shares([row(1, 5.3 * MB), row(2, 5.3 * MB)], alone), { 'source:b/a': 10.6 * MB, [ENGINE]: 0 });
  const after = shares([row(1, 20 * MB), row(2, 20 * MB)], alone);
  assert.ok(after['source:b/a']! < 14 * MB, JSON.stringify(after));
});

test('what a pull grew by late is given from where it could have come', () => {
  // The engine tells of the first second's growth in the second one, which cannot hold it.
  const late = pull('a', [0, 2], 5 * MB, { blobs: [blob('x', [1, 2], 5 * MB)] });
  const steps = [late, step('c', { seconds: [[0, 2]] })];
  const rows = [row(1, 3 * MB), row(2, 3 * MB)];
  const together = shares(rows, build('b', steps));
  assert.ok(Math.abs(together['source:b/a']! - 5.19 * MB) < 0.05 * MB, JSON.stringify(together));
});

test('settled apart, later rows make up for earlier ones', () => {
  const late = pull('a', [0, 3], 4 * MB, { blobs: [blob('x', [1, 2], 4 * MB)] });
  const builds = [build('b', [late, step('c', { seconds: [[0, 3]] })])];
  const rows = [row(1, 3 * MB), row(2, 3 * MB), row(3, 3 * MB)];
  let accounts = settle({ rows: [], builds }).accounts;
  const given = rows.map((each) => {
    const part = settle({ rows: [each], builds, accounts });
    accounts = part.accounts;
    return Math.round(bytesAfter([each], part.moves)['source:b/a'] ?? 0);
  });
  assert.equal(given, [0, 3 * MB, 1.152 * MB]);
});

test('growth that was told after the last byte counts, up to the end of the period', () => {
  const slow = pull('a', [0, 3], 6 * MB, { blobs: [blob('x', [0, 3], 6 * MB)] });
  const fast = pull('c', [0, 1], 2 * MB);
  const rows = [row(1, 8.3 * MB)];
  const { moves } = settle({ rows, builds: [build('b', [slow, fast])], until: 3_000 });
  const after = bytesAfter(rows, moves);
  assert.ok(Math.abs(after['source:b/a']! / after['source:b/c']! - 3) < 0.01, JSON.stringify(after));
});

test('what came from a cache was only looked up', () => {
  const steps = [
    step('g', {
      kind: 'git',
      status: 'cached',
      instruction: 'ADD http://198.51.100.8/x.git /',
      seconds: [[0, 1]],
    }),
    step('c', { seconds: [[0, 1]], instruction: 'ADD http://198.51.100.8/x /' }),
  ];
  const rows = [row(1, 9_000, { remote: ORIGIN })];
  assert.equal(shares(rows, build('b', steps)), { 'source:b/c': 9_000, [ENGINE]: 0 });
  assert.equal(shares(rows, build('b', steps.slice(0, 1))), { 'source:b/g': 9_000, [ENGINE]: 0 });
});

test('who is sure of its bytes, and who shared them', () => {
  const steps = [
    step('a', { seconds: [[0, 1]] }),
    step('c', { seconds: [[1, 3]] }),
    step('d', { seconds: [[2, 3]] }),
  ];
  const { attributions } = settle({ rows: [row(1, 5), row(2, 5), row(3, 5)], builds: [build('b', steps)] });
  assert.equal(Object.fromEntries(attributions), {
    'source:b/a': 'inferred',
    'source:b/c': 'shared',
    'source:b/d': 'shared',
  });
});

test('owners: images are pulls with their reference, the rest are steps', () => {
  const steps = [
    pull('a', [0, 1], 100, { instruction: 'FROM docker-image://example.org/app:1@sha256:00ff' }),
    step('c', { seconds: [[1, 2]] }),
  ];
  const { moves } = settle({ rows: [row(1, 5), row(2, 5)], builds: [build('b', steps)] });
  assert.equal(
    moves.map((move) => move.to),
    [
      {
        id: 'source:b/a',
        kind: 'pull',
        name: 'example.org/app:1',
        facts: { buildRef: 'b', stepDigest: 'a', image: 'example.org/app:1' },
      },
      {
        id: 'source:b/c',
        kind: 'step',
        name: 'ADD https://example.org/x /',
        facts: { buildRef: 'b', stepDigest: 'c' },
      },
    ],
  );
});

test('without rows, builds or bytes there is nothing to move', () => {
  const builds = [build('b', [step('a', { seconds: [[0, undefined]] })])];
  assert.equal(settle({ rows: [], builds }).moves, []);
  assert.equal(settle({ rows: [row(1, 5)], builds: [] }).moves, []);
  assert.equal(settle({ rows: [row(1, 0)], builds }).moves, []);
});

test.run();
