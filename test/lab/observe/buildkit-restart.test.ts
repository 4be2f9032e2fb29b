// An engine that ends while it builds.
import { randomUUID } from 'node:crypto';
import * as assert from 'uvu/assert';
import { Cleanup, eventually, killEngine, labSuite, stopEngine } from '../harness/index.js';
import { buildNamed, imageName, WatchedEngine } from './watched-engine.js';

const test = labSuite('lab: an engine that ends while it builds', ['28'], { exclusive: true });

for (const [how, end] of [
  ['killed', killEngine],
  ['stopped', stopEngine],
] as const) {
  test(`${how}: the build was lost with it, and the next one is seen`, 300_000, async (cleanup) => {
    const again = new Cleanup();
    cleanup.defer(() => again.run());
    const watched = await new WatchedEngine(cleanup).start();
    const name = imageName(cleanup, how);
    const dockerfile = `FROM nm-busybox\nRUN echo ${randomUUID()}\nRUN sleep 100\nRUN echo never`;
    const going = buildNamed(name, { dockerfile, anyExit: true });
    const isSleeping = (instruction: string, status: string) =>
      instruction === 'RUN sleep 100' && status === 'running';
    await watched.running(name, ({ steps }) =>
      steps.some((step) => isSleeping(step.instruction, step.status)),
    );
    const before = Date.now();
    await end(again, '28');
    await going;
    await eventually('the loss', 10_000, () => (watched.observer.state().ok ? undefined : true));
    assert.is(watched.observer.errorCode(), 'engine-unreachable');
    await again.run();
    const build = await watched.ended(name);
    assert.is(build.status, 'canceled');
    assert.match(build.error!, 'lost');
    assert.ok(build.completedAt! >= before);
    const statuses = build.steps.filter((step) => step.kind === 'run').map((step) => step.status);
    assert.is(statuses[0], 'done');
    // An engine that is stopped may live to tell that the process it ended has failed.
    assert.ok(['canceled', 'failed'].includes(statuses[1] ?? ''), statuses.join());
    assert.is(statuses[2], 'canceled');

    const next = imageName(cleanup, 'after');
    await buildNamed(next, { dockerfile: `FROM nm-busybox\nRUN echo ${randomUUID()}` });
    assert.is((await watched.ended(next)).status, 'completed');
  });
}

test.run();
