import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type EndedPull, firstPullMoves } from '../../../src/builds/pull-move.js';
import type { TrafficRow } from '../../../src/metering/types.js';
import { bytesAfter, ENGINE, ORIGIN, REGISTRY, row } from './traffic.js';

const MB = 1_000_000;

const pullMoves = (pull: EndedPull, rows: TrafficRow[]) => firstPullMoves([pull], { rows }).moves;

function pulled(rows: TrafficRow[], at: number, image = 'alpine:3'): number {
  const after = bytesAfter(rows, pullMoves({ image, at: at * 1000 }, rows));
  return Math.round(after[`pull:${image}@${at * 1000}`] ?? 0);
}

test('a pull is the busy run before its end', () => {
  const rows = [row(10, 5 * MB), row(20, 60), row(30, MB), row(31, 2 * MB), row(32, 3 * MB), row(33, 70)];
  assert.is(pulled(rows, 32.5), 6 * MB);
});

test('pauses of a bad line do not cut a pull in two', () => {
  const rows = [row(10, 9 * MB), row(15, MB), row(18, MB), row(19, MB)];
  assert.is(pulled(rows, 19.5), 3 * MB);
});

test('layers are unpacked after the last byte', () => {
  const rows = [row(10, MB), row(11, MB), row(12, 50), row(13, 40)];
  assert.is(pulled(rows, 55), 2 * MB);
  assert.is(pulled(rows, 120), 0);
});

test('what comes after the end is not the pull’s', () => {
  assert.is(pulled([row(10, MB), row(12, MB)], 10), MB);
});

test('where the registry is among the remotes, only what went there', () => {
  const rows = [
    row(10, MB, { remote: REGISTRY }),
    row(10, 7 * MB, { remote: ORIGIN }),
    row(11, MB, { remote: REGISTRY, class: 'lan' }),
  ];
  assert.is(pulled(rows, 11.2, '198.51.100.7:5000/app:1'), 2 * MB);
  assert.is(pulled(rows, 11.2, 'alpine:3'), 9 * MB);
});

test('loopback is not a pull', () => {
  assert.is(pulled([row(10, MB, { class: 'local' })], 10.5), 0);
});

test('an engine that moved nothing pulled from nowhere', () => {
  assert.equal(pullMoves({ image: 'alpine', at: 5000 }, []), []);
  assert.equal(pullMoves({ image: 'alpine', at: 5000 }, [row(5, 20)]), []);
});

test('the owner is the pull, the rest is left', () => {
  const [move] = pullMoves({ image: 'alpine:3', at: 10_500 }, [row(10, MB)]);
  assert.is(move!.fromOwnerId, ENGINE);
  assert.equal(move!.to, {
    id: 'pull:alpine:3@10500',
    kind: 'pull',
    name: 'alpine:3',
    facts: { image: 'alpine:3' },
  });
});

const together = (rows: TrafficRow[], ...pulls: [EndedPull, ...EndedPull[]]) => {
  const { moves, settled } = firstPullMoves(pulls, { rows });
  const after = bytesAfter(rows, moves);
  const bytes = pulls.map(({ image, at }) => Math.round(after[`pull:${image}@${at}`] ?? 0));
  return { settled, bytes, left: Math.round(after[ENGINE] ?? 0) };
};

test('pulls that end in one tick share what nothing tells apart', () => {
  const pulls = [
    { image: 'alpine:3', at: 10_200 },
    { image: 'redis:7', at: 10_900 },
  ] as const;
  assert.equal(together([row(10, MB), row(11, 3 * MB)], ...pulls), {
    settled: 2,
    bytes: [2 * MB, 2 * MB],
    left: 0,
  });
});

test('one whose registry is among the remotes has nothing of the others', () => {
  const rows = [row(11, MB, { remote: REGISTRY }), row(11, 6 * MB)];
  const pulls = [
    { image: '198.51.100.7:5000/app:1', at: 10_200 },
    { image: 'redis:7', at: 10_900 },
  ] as const;
  // Whoever names no remote may have used any.
  assert.equal(together(rows, ...pulls), { settled: 2, bytes: [MB / 2, 6.5 * MB], left: 0 });
});

test('a pull that ends in a later tick waits for its turn', () => {
  const pulls = [
    { image: 'alpine:3', at: 10_200 },
    { image: 'redis:7', at: 11_100 },
  ] as const;
  assert.equal(together([row(11, MB), row(12, 5 * MB)], ...pulls), {
    settled: 1,
    bytes: [MB, 0],
    left: 5 * MB,
  });
});

test('by their manifests, pulls of one tick share what nothing else tells apart', () => {
  const rows = [row(10, 1.04 * MB), row(11, 3.12 * MB)];
  const small = { image: 'alpine:3', at: 10_200, bytes: MB };
  const large = { image: 'redis:7', at: 10_900, bytes: 3 * MB };
  assert.equal(together(rows, small, large), { settled: 2, bytes: [1.04 * MB, 3.12 * MB], left: 0 });
  const unknown = { ...large, bytes: undefined };
  assert.equal(together(rows, small, unknown).bytes, [1.038 * MB, 2.08 * MB], 'half of it would be too much');
});

test('of what went on after its end, a pull leaves more than its manifest stands for', () => {
  const rows = [row(10, 4 * MB), row(11, 6 * MB), row(12, 6 * MB)];
  const first = { image: 'alpine:3', at: 10_500, bytes: 2 * MB };
  const second = { image: 'redis:7', at: 12_000, bytes: 14 * MB };
  const one = together(rows, first, second);
  assert.is(one.settled, 1);
  assert.is(one.bytes[0], Math.round(2.076 * MB));
  const left = 16 * MB - one.bytes[0]!;
  assert.is(one.left, left);
  // As they are in the store afterwards.
  const rest = rows.map((each, i) => (i < 2 ? { ...each, rxBytes: each.rxBytes * (1 - 0.2076) } : each));
  assert.equal(together(rest, second), { settled: 1, bytes: [Math.round(left)], left: 0 });
});

test('packets that were sent twice are a pull’s own', () => {
  const pull = { image: 'alpine:3', at: 10_500, bytes: 2 * MB };
  assert.equal(together([row(10, 2.7 * MB)], pull), { settled: 1, bytes: [2.7 * MB], left: 0 });
});

test.run();
