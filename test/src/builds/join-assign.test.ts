import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assign, type Claim } from '../../../src/builds/join-assign.js';

function claim(id: string, options: Record<string, number>, [from, to]: [number, number] = [0, 10]): Claim {
  return { id, from, to, options: new Map(Object.entries(options)) };
}

/** Every way to give all claims a vertex of their own. */
function complete(claims: readonly Claim[], taken = new Set<string>()): Map<string, string>[] {
  const [first, ...rest] = claims;
  if (first === undefined) return [new Map()];
  return [...first.options.keys()]
    .filter((node) => !taken.has(node))
    .flatMap((node) =>
      complete(rest, new Set([...taken, node])).map((others) => new Map([...others, [first.id, node]])),
    );
}

const options = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(100), { maxKeys: 5 });

test('property: gives every claim a vertex where that can be, and says what could not be otherwise', () => {
  void fc.assert(
    fc.property(fc.array(options, { maxLength: 5 }), (list) => {
      const claims = list.map((each, i) => claim(`${i}`, each));
      const ways = complete(claims);
      const assignments = assign(claims);
      const nodes = [...assignments.values()].map(({ node }) => node);
      assert.is(new Set(nodes).size, nodes.length);
      for (const { id, options: allowed } of claims) {
        const given = assignments.get(id);
        if (given !== undefined) assert.ok(allowed.has(given.node));
        if (ways.length === 0) continue;
        const possible = new Set(ways.map((way) => way.get(id)));
        assert.ok(given !== undefined && possible.has(given.node));
        assert.is(given.only, possible.size === 1);
      }
    }),
    { numRuns: 2000 },
  );
});

test('property: what cannot be satisfied as a whole makes nothing sure that has a choice', () => {
  void fc.assert(
    fc.property(fc.array(options, { minLength: 1, maxLength: 6 }), (list) => {
      const claims = list.map((each, i) => claim(`${i}`, each));
      const contested = (node: string) =>
        claims.filter((each) => each.options.size === 1 && each.options.has(node));
      for (const [id, { node, only }] of assign(claims)) {
        const own = claims.find((each) => each.id === id);
        if (only && own?.options.size === 1) assert.is(contested(node).length, 1);
      }
    }),
  );
});

test('the most likely of all ways', () => {
  const square = (i: number, j: number) => (20 * i + 5 - 20 * j) ** 2;
  const numbers = [0, 1, 2, 3, 4, 5];
  const claims = numbers.map((i) =>
    claim(`${i}`, Object.fromEntries(numbers.map((j) => [`v${j}`, square(i, j)]))),
  );
  for (const [id, { node, only }] of assign(claims.reverse())) {
    assert.is(node, `v${id}`);
    assert.is(only, false);
  }
});

test('one after the other on one vertex', () => {
  const claims = [
    claim('1', { v: 0 }, [0, 10]),
    claim('2', { v: 0 }, [20, 30]),
    claim('3', { v: 0 }, [40, 50]),
  ];
  const assignments = assign(claims);
  assert.equal(
    claims.map(({ id }) => assignments.get(id)),
    claims.map(() => ({ node: 'v', only: true })),
  );
});

test('two at a time on one vertex', () => {
  const assignments = assign([claim('1', { v: 0 }, [0, 10]), claim('2', { v: 0 }, [5, 30])]);
  assert.is(assignments.size, 1);
  assert.equal([...assignments.values()], [{ node: 'v', only: false }]);
});

test('a hundred at a time take no time', () => {
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  const all = Object.fromEntries(numbers.map((i) => [`v${i}`, i]));
  const assignments = assign(numbers.map((i) => claim(`${i}`, all)));
  assert.is(new Set([...assignments.values()].map(({ node }) => node)).size, 100);
});

test.run();
