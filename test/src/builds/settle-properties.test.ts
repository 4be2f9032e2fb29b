import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { divide } from '../../../src/builds/divide.js';
import { settle } from '../../../src/builds/settle.js';
import type { Build, Step } from '../../../src/builds/types.js';
import { totalBytes } from '../../../src/units.js';
import { blob, build, bytesAfter, ENGINE, ORIGIN, OTHER, pull, REGISTRY, row, step } from './traffic.js';

const SECONDS = 8;
const when = fc.tuple(fc.integer({ min: 0, max: SECONDS * 20 }), fc.integer({ min: 0, max: 60 }));
const instructions = [
  'ADD http://198.51.100.8/x /',
  'ADD https://example.org/x /',
  'ADD http://127.0.0.1/x /',
];

const aStep = fc
  .tuple(
    fc.constantFrom('add', 'git', 'from', 'export', 'internal', 'run'),
    when,
    fc.nat(9_000_000),
    fc.nat(2),
  )
  .map(([kind, [start, length], bytes, which]): ((digest: string) => Step) => (digest) => {
    const seconds: [number, number] = [start / 20, (start + length) / 20];
    if (kind === 'from') {
      const image = which === 0 ? 'FROM 198.51.100.7:5000/app' : 'FROM alpine';
      const own = pull(digest, seconds, bytes, { instruction: image });
      return { ...own, blobs: [...own.blobs, blob('common', seconds, bytes)] };
    }
    if (kind === 'internal') {
      return step(digest, { kind, instruction: 'load metadata for alpine', seconds: [seconds] });
    }
    return step(digest, {
      kind: kind as Step['kind'],
      instruction: instructions[which]!,
      seconds: [seconds],
    });
  });

const someBuilds = fc.array(fc.array(aStep, { maxLength: 6 }), { maxLength: 4 }).map((all) =>
  all.map((steps, b) =>
    build(
      `b${b}`,
      steps.map((make, s) => make(`s${s}`)),
    ),
  ),
);

const aRow = fc
  .tuple(
    fc.integer({ min: 1, max: SECONDS }),
    fc.nat(5_000_000),
    fc.constantFrom(REGISTRY, ORIGIN, OTHER, { address: '127.0.0.1', port: 80, protocol: 'tcp' } as const),
    fc.constantFrom('wan', 'proxy', 'lan'),
  )
  .map(([to, bytes, remote, trafficClass]) =>
    row(to, bytes, { remote, class: remote.address === '127.0.0.1' ? 'local' : trafficClass }),
  );
const someRows = fc.array(aRow, { maxLength: 24 });

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * (1 + Math.abs(b));

test('nothing is moved twice, nothing is made, nothing is lost', () => {
  void fc.assert(
    fc.property(someRows, someBuilds, (rows, builds) => {
      const { moves, accounts } = settle({ rows, builds });
      for (const { share } of moves) assert.ok(share > 0 && share <= 1, `${share}`);
      // Throws where shares of one row add up to more than 1.
      const after = bytesAfter(rows, moves);
      assert.ok(near(sum(Object.values(after)), sum(rows.map(totalBytes))));
      for (const [id, bytes] of Object.entries(after)) {
        assert.ok(bytes >= -1e-6, `${id}: ${bytes}`);
        if (id !== ENGINE) assert.ok(near(bytes, accounts.get(id)!.received), id);
      }
    }),
    { numRuns: 400 },
  );
});

test('only steps that fetch and that ran at the time, give or take a moment, get something', () => {
  void fc.assert(
    fc.property(someRows, someBuilds, (rows, builds) => {
      for (const { to, interval } of settle({ rows, builds }).moves) {
        const [, ref, digest] = /^source:(.*)\/(.*)$/.exec(to.id)!;
        const taker = builds.find((each) => each.ref === ref)!.steps.find((each) => each.digest === digest)!;
        assert.ok(taker.kind !== 'run' && taker.kind !== 'export');
        const near = taker.intervals.some(
          ({ startedAt, completedAt }) => startedAt <= interval.to + 1 && completedAt! + 500 > interval.from,
        );
        assert.ok(near, JSON.stringify([taker.intervals, interval]));
      }
    }),
    { numRuns: 200 },
  );
});

test('the order of rows, builds and steps does not matter', () => {
  const shuffled = fc.tuple(someRows, someBuilds).chain(([rows, builds]) =>
    fc.record({
      rows: fc.constant(rows),
      builds: fc.constant(builds),
      otherRows: fc.shuffledSubarray(rows, { minLength: rows.length }),
      otherBuilds: fc
        .shuffledSubarray(builds, { minLength: builds.length })
        .map((all) => all.map((each): Build => ({ ...each, steps: [...each.steps].reverse() }))),
    }),
  );
  void fc.assert(
    fc.property(shuffled, ({ rows, builds, otherRows, otherBuilds }) => {
      assert.equal(
        rounded(settle({ rows: otherRows, builds: otherBuilds })),
        rounded(settle({ rows, builds })),
      );
    }),
    { numRuns: 200 },
  );
});

test('settled in parts, nothing is moved twice either', () => {
  void fc.assert(
    fc.property(someRows, someBuilds, (rows, builds) => {
      let accounts: ReturnType<typeof settle>['accounts'] = new Map();
      const moves: ReturnType<typeof settle>['moves'] = [];
      for (let to = 1; to <= SECONDS; to++) {
        const ofTick = rows.filter((each) => each.interval.to === to * 1000);
        const part = settle({ rows: ofTick, builds, accounts });
        accounts = part.accounts;
        moves.push(...part.moves);
      }
      const after = bytesAfter(rows, moves);
      assert.ok(near(sum(Object.values(after)), sum(rows.map(totalBytes))));
      for (const [id, { received }] of accounts) assert.ok(near(after[id] ?? 0, received), id);
    }),
    { numRuns: 200 },
  );
});

test('a division gives each claim something between nothing and all, and not more than there is', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const progress = fc.record({
    growthNow: fc.nat(9_000_000),
    growthBefore: fc.nat(90_000_000),
    receivedBefore: fc.nat(90_000_000),
    unreportedBytes: fc.nat(1 << 20),
  });
  const claim = fc.tuple(fc.nat(1000), fc.option(fc.nat(9_000_000), { nil: undefined }));
  const lot = fc.tuple(
    fc.integer({ min: 1, max: 50_000_000 }),
    fc.array(claim, { minLength: 1, maxLength: 4 }),
  );
  void fc.assert(
    fc.property(
      fc.array(lot, { maxLength: 8 }),
      fc.array(progress, { minLength: 4, maxLength: 4 }),
      (drawn, all) => {
        const lots = drawn.map(([bytes, claims]) => ({
          bytes,
          claims: claims.map(([activeMs, growthBytes], c) => ({ id: ids[c]!, activeMs, growthBytes })),
        }));
        const parts = divide(lots, new Map(ids.map((id, i) => [id, all[i]!])));
        for (const [i, { bytes, claims }] of lots.entries()) {
          const row = parts[i]!;
          assert.is(row.length, claims.length);
          for (const part of row) assert.ok(part >= 0 && part <= bytes * (1 + 1e-9), `${part}`);
          assert.ok(sum(row) <= bytes * (1 + 1e-9));
          const silent = claims.some(
            ({ growthBytes, activeMs }) => growthBytes === undefined && activeMs > 0,
          );
          if (silent) assert.ok(near(sum(row), bytes));
        }
      },
    ),
    { numRuns: 300 },
  );
});

/** Sums of fractions depend on the order of addition in their last digits. */
function rounded({ moves, attributions }: ReturnType<typeof settle>): unknown {
  return [moves.map((move) => ({ ...move, share: move.share.toFixed(9) })), [...attributions].sort()];
}

test.run();
