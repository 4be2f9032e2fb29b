/** The short form of scripts/fuzz.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzzTargets } from './fuzz-targets.js';
import { mutate, randomNumbers } from './mutate.js';

const ROUNDS = 2000;

for (const { name, seeds, run } of fuzzTargets) {
  test(`${name}: mutated input neither breaks it nor makes it count what was not there`, () => {
    const random = randomNumbers(1);
    for (let round = 0; round < ROUNDS; round++) {
      const input = mutate(seeds[round % seeds.length]!, random);
      try {
        run(input);
      } catch (error) {
        assert.unreachable(`round ${round}, ${input.toString('hex')}: ${(error as Error).stack}`);
      }
    }
  });
}

test.run();
