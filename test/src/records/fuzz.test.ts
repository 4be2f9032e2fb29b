/** The short form of scripts/fuzz.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mutate, randomNumbers } from '../capture/mutate.js';
import { fuzzTargets } from './fuzz-targets.js';

const ROUNDS = 300;

for (const { name, seeds, run } of fuzzTargets) {
  test(`${name}: mutated input is read or refused, and never makes what the daemon would not take`, () => {
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
