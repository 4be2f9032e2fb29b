/** Output under mutated input: whatever a step prints, sums stay sums, however the engine cuts it. */
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { StepLog } from '../../../../src/builds/client-log/step-log.js';
import type { ClientLog } from '../../../../src/builds/client-log/types.js';
import { mutate, randomNumbers } from '../../capture/mutate.js';

const FOLDER = new URL('../../../fixtures/client-log/', import.meta.url);
const SEEDS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => readFileSync(new URL(name, FOLDER)));
const ROUNDS = 1000;

function readInPieces(text: string, length: number): ClientLog[] {
  const log = new StepLog();
  for (let at = 0; at < text.length; at += length) {
    log.take({ vertex: 'v', stream: 1, at: at + 1, text: text.slice(at, at + length) });
  }
  log.end();
  return log.clients();
}

test('mutated output: sums are whole numbers, the cached part of the whole, the same for every cut', () => {
  const random = randomNumbers(1);
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutate(SEEDS[round % SEEDS.length]!, random).toString('latin1');
    const logs = readInPieces(text, Math.max(1, text.length));
    for (const log of logs) {
      const { downloadedBytes = 0, cachedBytes = 0, neededBytes, roundingBytes } = log;
      for (const figure of [downloadedBytes, cachedBytes, neededBytes ?? 0, roundingBytes]) {
        assert.ok(Number.isSafeInteger(figure) && figure >= 0, `round ${round}: ${JSON.stringify(log)}`);
      }
      if (log.client === 'apt') assert.ok(neededBytes === undefined || cachedBytes <= neededBytes);
    }
    assert.equal(readInPieces(text, 1 + (round % 13)), logs, `round ${round}`);
  }
});

test.run();
