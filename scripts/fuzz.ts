/**
 * Feeds every parser of captures and records mutated input:
 * `node --import tsx scripts/fuzz.ts [rounds] [seed] [parser…]`
 *
 * A million rounds for each parser unless told otherwise. Prints, per parser, the slowest input and the memory
 * afterwards; ends with exit code 1 and the input in hex when a parser broke, or took over a second.
 */
import { setImmediate } from 'node:timers/promises';
import { fuzzTargets as captureTargets } from '../test/src/capture/fuzz-targets.js';
import { mutate, randomNumbers } from '../test/src/capture/mutate.js';
import { fuzzTargets as recordTargets } from '../test/src/records/fuzz-targets.js';

const ROUNDS = Number(process.argv[2] ?? 1_000_000);
const SEED = Number(process.argv[3] ?? 1);
const ONLY = process.argv.slice(4);
const SLOW_MS = 1000;

for (const { name, seeds, run } of [...captureTargets, ...recordTargets]) {
  if (ONLY.length > 0 && !ONLY.includes(name)) continue;
  const random = randomNumbers(SEED);
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    // pcap-parser defers something for each file; without a pause nothing would ever be let go.
    if (round % 1000 === 0) await setImmediate();
    if (round > 0 && round % 100_000 === 0) console.log(`${name}: ${round} inputs so far`);
    const input = mutate(seeds[round % seeds.length]!, random);
    const started = process.cpuUsage();
    try {
      run(input);
    } catch (error) {
      fail(`${name}, round ${round}: ${(error as Error).stack}`, input);
    }
    const { user, system } = process.cpuUsage(started);
    slowest = Math.max(slowest, (user + system) / 1000);
    if (slowest > SLOW_MS) fail(`${name}, round ${round}: took ${slowest} ms`, input);
  }
  const memory = process.memoryUsage().rss / 1e6;
  console.log(
    `${name}: ${ROUNDS} inputs, the slowest took ${slowest.toFixed(1)} ms, ${memory.toFixed(0)} MB resident`,
  );
}

function fail(message: string, input: Buffer): never {
  console.error(`${message}\n${input.toString('hex')}`);
  process.exit(1);
}
