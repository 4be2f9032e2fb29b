// Every RUN step of a real engine is seen, however short.
import { randomUUID } from 'node:crypto';
import * as assert from 'uvu/assert';
import type { Execution } from '../../../src/builds/types.js';
import { build, eventually, labSuite, unlessStalled } from '../harness/index.js';
import { WatchedExecutor } from './executor-scene.js';

/** Stages of so many steps that a chain of them is not too long for overlayfs (128 layers). */
const STEPS = 100;

for (const name of ['28', '20'] as const) {
  const test = labSuite(`lab: executor of engine ${name}`, [name]);

  test('two hundred steps that take no time', 600_000, async (cleanup) => {
    const executor = WatchedExecutor.of(cleanup, name);
    const mark = randomUUID();
    const stage = (label: string) =>
      Array.from({ length: STEPS }, (_, i) => `RUN : ${mark} ${label}${i}`).join('\n');
    const dockerfile = `FROM nm-busybox AS a\n${stage('a')}\nFROM nm-busybox\n${stage('b')}\nCOPY --from=a /bin/sh /sh\n`;
    await build({ engine: name, dockerfile, timeoutMs: 580_000 });
    const own = await ended(executor, mark, 2 * STEPS);
    const commands = own.map(({ args }) => args.at(-1)).sort();
    const expected = ['a', 'b'].flatMap((label) =>
      Array.from({ length: STEPS }, (_, i) => `: ${mark} ${label}${i}`),
    );
    assert.equal(commands, expected.sort());
    assert.equal(executor.missed, []);
    for (const { upperId, lowerIds, preparedAt, seenAt, goneAt } of own) {
      assert.ok(upperId !== undefined && lowerIds.length > 0);
      assert.ok(preparedAt !== undefined && preparedAt <= seenAt + 15 && seenAt <= (goneAt ?? 0));
    }
    // A step stands on the layers of those before it.
    const bySeen = own.filter(({ args }) => args.at(-1)?.includes(' a')).sort((x, y) => x.seenAt - y.seenAt);
    assert.is(
      bySeen.at(-1)?.lowerIds.filter((id) => bySeen.some(({ upperId }) => upperId === id)).length,
      STEPS - 1,
    );
  });

  test('thirty-two at a time', 300_000, async (cleanup) => {
    const executor = WatchedExecutor.of(cleanup, name);
    const numbers = Array.from({ length: 32 }, (_, i) => i);
    const copies = numbers.map((i) => `COPY --from=s${i} /x /x${i}`);
    let mark = '';
    await unlessStalled(() => {
      mark = randomUUID();
      const stages = numbers.map((i) => `FROM nm-busybox AS s${i}\nRUN : ${mark} ${i}; echo ${i} > /x`);
      const dockerfile = [...stages, 'FROM scratch', ...copies].join('\n');
      return build({ engine: name, dockerfile, timeoutMs: 90_000 });
    });
    assert.is((await ended(executor, mark, 32)).length, 32);
    assert.equal(executor.missed, []);
  });

  test('cache mounts: whose, and whether they were empty', 120_000, async (cleanup) => {
    const executor = WatchedExecutor.of(cleanup, name);
    const id = randomUUID();
    const run = `RUN --mount=type=cache,id=${id},target=/c --mount=type=cache,id=${id}-2,target=/d`;
    const step = (text: string) => `FROM nm-busybox\n${run} : ${id}; ${text}\n`;
    await build({ engine: name, dockerfile: step('echo > /c/x; sleep 1') });
    await build({ engine: name, dockerfile: step('true') });
    const [first, second] = (await ended(executor, id, 2)).sort((x, y) => x.seenAt - y.seenAt);
    const mountsOf = (execution: Execution | undefined) =>
      ['/c', '/d'].map((target) => execution?.mounts.find((mount) => mount.target === target));
    assert.equal(
      mountsOf(first).map((mount) => [mount?.cacheId, mount?.emptyAtStart]),
      [
        [`/${id}`, true],
        [`/${id}-2`, true],
      ],
    );
    assert.equal(
      mountsOf(second).map((mount) => [mount?.cacheId, mount?.emptyAtStart]),
      [
        [`/${id}`, false],
        [`/${id}-2`, true],
      ],
    );
    assert.equal(
      mountsOf(first).map((mount) => mount?.snapshotId),
      mountsOf(second).map((mount) => mount?.snapshotId),
    );
  });

  test.run();
}

/** The executions of commands that hold a mark, once there are so many and they are gone. */
function ended(executor: WatchedExecutor, mark: string, count: number): Promise<Execution[]> {
  return eventually('the end of all steps', 20_000, () => {
    const own = [...executor.executions.values()].filter(({ args }) => args.at(-1)?.includes(mark));
    return own.length >= count && own.every(({ goneAt }) => goneAt !== undefined) ? own : undefined;
  });
}
