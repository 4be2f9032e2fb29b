// When BuildKit keeps a cache mount, by what the far side sent; and what netmeter says of it.
import * as assert from 'uvu/assert';
import type { BuildShowDocument, StepDocument } from '../../../src/protocol/documents.js';
import { assertWithin, receivedOverTcp } from '../exactness/expectations.js';
import {
  bytesPath,
  Cleanup,
  lab,
  labSuite,
  type Netmeter,
  originPath,
  startNetmeter,
} from '../harness/index.js';
import { type Experiment, experiments } from './experiments.js';
import { assertPage, type Result } from './page.js';
import { assertSaved, buildAndLook, cachingStep, freshTag, MB, moved } from './scene.js';

const test = labSuite('cache mounts');
const SIZE = 3 * MB;
const results: (Omit<Result, 'basis'> & Second)[] = [];
/** One netmeter for all of them, until the last test is over. */
const atLast = new Cleanup();
let started: Promise<Netmeter> | undefined;

for (const experiment of experiments) {
  test(experiment.question, 120_000, async (cleanup) => {
    started ??= startNetmeter(atLast);
    results.push(await carryOut(experiment, await started, cleanup));
  });
}

test('docs/cache-mounts.md says what was seen', 30_000, async (cleanup) => {
  cleanup.defer(() => atLast.run());
  assert.ok(started);
  const netmeter = await started;
  // By now all are recorded: what a build itself says of its cache, it says some ticks after its end.
  const seen = results.map(async (result) => ({ ...result, basis: await basisOf(result, netmeter) }));
  assertPage(await Promise.all(seen));
});

/** The build that may have found a cache filled. */
interface Second {
  ref: string;
  digest: string;
}

async function basisOf({ ref, digest }: Second, netmeter: Netmeter): Promise<string | undefined> {
  const { steps } = await netmeter.json<BuildShowDocument>(['build', 'show', ref]);
  return steps.find((step) => step.digest === digest)?.savings?.[0]?.basis;
}

async function carryOut(experiment: Experiment, netmeter: Netmeter, cleanup: Cleanup) {
  const path = bytesPath(SIZE, 'package');
  const tag = freshTag('experiment');
  const cache = { name: path.slice(-36), url: `${lab().origin}${path}` };
  const one = { ...experiment.first(cache), tag };
  const two = { ...experiment.second(cache), tag };

  const shown = await buildAndLook(netmeter, cleanup, one);
  const step = cachingStep(shown, path);
  const cold = receivedOverTcp(await originPath(path));
  assertWithin(moved(step), cold, 1e-2, 'the cold run');
  assert.is(step.cacheMounts[0]?.emptyAtStart, true);
  assert.is(step.coldBasis, 'measured');
  await experiment.between?.(shown);

  const second = await buildAndLook(netmeter, cleanup, two);
  const after = lastRun(second, path);
  const { requests, bodySent } = await originPath(path);
  assert.is(requests, experiment.isKept ? 1 : 2, 'downloads that the origin counted');
  assert.is(after.cacheMounts[0]?.emptyAtStart, !experiment.isKept);
  if (experiment.isKept) assertSaved(after, 'cache-mount', cold);
  else assert.equal(after.savings, [], 'a cold run saves nothing');
  return {
    question: experiment.question,
    firstBytes: SIZE,
    secondBytes: bodySent - SIZE,
    ref: second.build.ref,
    digest: after.digest,
  };
}

/** The step that ran: another one of the same build may have come from the layer cache. */
function lastRun(shown: Awaited<ReturnType<typeof buildAndLook>>, path: string): StepDocument {
  const ran = shown.steps.filter((step) => step.name.includes(path) && step.status === 'done');
  assert.is(ran.length, 1);
  return ran[0]!;
}

test.run();
