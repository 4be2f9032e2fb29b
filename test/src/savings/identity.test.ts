// The same instruction is the same lineage, wherever it stands and whatever its inputs are.
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseStepName } from '../../../src/builds/step-name.js';
import { lineageOf, nearness, placeOf, shownLineage } from '../../../src/savings/identity.js';
import { build } from '../report/fixtures.js';

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const platform = fc.constantFrom('', 'linux/amd64 ', 'linux/arm64 ', 'linux/amd64->arm64 ');
const number = fc.integer({ min: 1, max: 40 });

test('stages may be renamed, neighbours reordered, platforms changed, cache mounts added', () => {
  const shown = fc.tuple(platform, word, number, fc.boolean());
  void fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), shown, shown, (words, one, other) => {
      const [a, b] = [one, other].map(([on, stage, place, hasMount]) => {
        const mount = hasMount ? '--mount=type=cache,target=/root/.cache ' : '';
        const name = `[${on}${stage} ${place}/40] RUN ${mount}${words.join(hasMount ? '  ' : ' ')}`;
        return lineageOf({ ...parseStepName(name, true), command: undefined });
      });
      assert.is(a, b);
    }),
  );
});

test('build arguments may change: the command as it was run has them unexpanded', () => {
  void fc.assert(
    fc.property(word, word, (one, other) => {
      const [a, b] = [one, other].map((value) => ({
        kind: 'run' as const,
        instruction: `RUN pip install app==${value}`,
        command: 'pip install app==$VERSION',
      }));
      assert.is(lineageOf(a!), lineageOf(b!));
      if (one !== other) assert.not.equal(shownLineage(a!), shownLineage(b!));
    }),
  );
});

test('other commands are other lineages', () => {
  void fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.array(word, { minLength: 1 }), (one, other) => {
      const [a, b] = [one, other].map((words) =>
        shownLineage({ kind: 'run', instruction: `RUN ${words.join(' ')}` }),
      );
      assert.is(a === b, one.join(' ') === other.join(' '));
    }),
  );
});

test('an image is the same under any digest', () => {
  const of = (instruction: string) => shownLineage({ kind: 'from', instruction });
  assert.is(of(`FROM docker.io/library/debian:13@sha256:${'0'.repeat(64)}`), of('FROM debian:13'));
  assert.is(of('FROM --platform=linux/arm64 debian:13'), of('docker-image://docker.io/library/debian:13'));
  assert.not.equal(of('FROM debian:13'), of('FROM debian:12'));
});

test('places: the same file, the same image under another tag, nothing in common', () => {
  const shop = placeOf(build({ name: 'shop:1' }));
  assert.is(nearness(shop, placeOf(build({ name: 'shop:2' }))), 2);
  assert.is(nearness(shop, placeOf(build({ name: 'shop:2', context: '/tmp/x', project: 'x' }))), 1);
  assert.is(nearness(shop, placeOf(build({ name: 'blog', context: '/tmp/x', project: 'x' }))), 0);
  assert.is(placeOf(build({ name: 'registry:5000/shop' })).name, 'registry:5000/shop');
});

test.run();
