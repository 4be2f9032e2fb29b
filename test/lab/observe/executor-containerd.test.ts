// The executor of an engine that keeps its images and snapshots in containerd: a private one, made for this.
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Execution } from '../../../src/builds/types.js';
import { eventually, labSuite, run } from '../harness/index.js';
import { startContainerdEngine } from './containerd-engine.js';
import { WatchedExecutor } from './executor-scene.js';

const test = labSuite("lab: executor with containerd's image store");

test('layers, records and cache mounts', 240_000, async (cleanup) => {
  const { pid, rootDir, client } = await startContainerdEngine(cleanup);
  const executor = new WatchedExecutor(cleanup, { pid, rootDir });
  const context = join(rootDir, '..', 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'a'), randomUUID());
  const cache = randomUUID();
  writeFileSync(
    join(context, 'Dockerfile'),
    [
      'FROM nm-busybox AS s',
      'RUN echo first',
      'COPY a /a',
      `RUN --mount=type=cache,id=${cache},target=/c echo > /c/x; sleep 1`,
      'COPY --link a /b',
      `RUN --mount=type=cache,id=${cache},target=/c sleep 1`,
    ].join('\n'),
  );
  const built = run(client, ['build', '--progress=rawjson', '--network=host', context], {
    timeoutMs: 200_000,
  });
  const { stderr } = await built;
  assert.match(stderr, /RUN echo first/);
  const [first, second, third] = await eventually('three steps to end', 20_000, () => {
    const all = [...executor.executions.values()].sort((a, b) => a.seenAt - b.seenAt);
    return all.length === 3 && all.every(({ goneAt }) => goneAt !== undefined) ? all : undefined;
  });
  assert.ok(first?.upperId && second?.upperId && third);
  assert.is(first.lowerIds.length, 1);
  assert.ok(second.lowerIds.includes(first.upperId));
  assert.ok(third.lowerIds.includes(second.upperId));
  assert.is(second.lineage?.[0]?.description, '[s 3/6] COPY a /a');
  assert.match(second.lineage?.[1]?.description ?? '', /^mount \/ from exec .* echo first$/);
  assert.match(third.lineage?.[0]?.description ?? '', /^\[s 5\/6\] .*COPY --link a \/b$/);
  const cacheOf = (execution: Execution) => execution.mounts.find(({ target }) => target === '/c');
  assert.is(cacheOf(second)?.cacheId, `/${cache}`);
  assert.is(cacheOf(second)?.emptyAtStart, true);
  assert.is(cacheOf(third)?.emptyAtStart, false);
  assert.is(cacheOf(third)?.snapshotId, cacheOf(second)?.snapshotId);
  // The build's ref is not printed: its history has it.
  const { stdout } = await run(client, ['buildx', 'history', 'ls', '--format', '{{.Ref}}']);
  const ref = stdout.trim().split('\n')[0]?.split('/').pop() ?? '';
  const definitions = await executor.watch.definitions(ref);
  const args = [...definitions.values()].map((definition) => definition.args.at(-1));
  assert.ok(args.includes('echo first'), `${ref}: ${args}`);
});

test.run();
