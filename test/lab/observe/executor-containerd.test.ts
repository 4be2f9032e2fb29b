// The executor of an engine that keeps its images and snapshots in containerd: a private one, made for this.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Execution } from '../../../src/builds/types.js';
import { type Cleanup, docker, engine, eventually, labSuite, run } from '../harness/index.js';
import { WatchedExecutor } from './executor-scene.js';

const test = labSuite("lab: executor with containerd's image store");

test('layers, records and cache mounts', 240_000, async (cleanup) => {
  const { pid, rootDir, client } = await startEngine(cleanup);
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

interface ContainerdEngine {
  pid: number;
  rootDir: string;
  client: string;
}

/** Starts the lab's engine once more, with data of its own and the other image store. */
async function startEngine(cleanup: Cleanup): Promise<ContainerdEngine> {
  const lab = engine('28');
  // The lab's run directory is at the same path inside the engine's chroot and outside of it.
  const folder = join(dirname(lab.client), `containerd-${process.pid}`);
  const socket = `unix://${folder}/docker.sock`;
  mkdirSync(folder, { recursive: true });
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  cleanup.defer(() => unmountBelow(folder));
  writeFileSync(
    join(folder, 'daemon.json'),
    JSON.stringify({ features: { 'containerd-snapshotter': true } }),
  );
  const child = spawn(
    'chroot',
    [
      readlinkSync(`/proc/${lab.pid}/root`),
      ...['dockerd', '--config-file', join(folder, 'daemon.json'), '-H', socket],
      ...['--pidfile', join(folder, 'docker.pid'), '--data-root', join(folder, 'data')],
      ...['--exec-root', join(folder, 'exec'), '--bridge', 'none', '--iptables=false', '--ip6tables=false'],
    ],
    { stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
  );
  cleanup.defer(() => end(child));
  const pid = await eventually('the engine', 60_000, () => pidIn(join(folder, 'docker.pid')));
  const client = clientOf(lab.client, folder, socket);
  await eventually('the engine to answer', 60_000, async () => {
    const { exitCode } = await run(client, ['version'], { anyExit: true });
    return exitCode === 0 || undefined;
  });
  const image = join(folder, 'image.tar');
  await docker('28', ['save', '-o', image, 'nm-busybox']);
  await run(client, ['load', '-i', image]);
  return { pid, rootDir: join(folder, 'data'), client };
}

/** The lab's client, bound to another engine. */
function clientOf(labClient: string, folder: string, socket: string): string {
  const path = join(folder, 'client');
  const script = readFileSync(labClient, 'utf8').replace(/DOCKER_HOST=\S+/, `DOCKER_HOST=${socket}`);
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

async function unmountBelow(folder: string): Promise<void> {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const point of points.filter((each) => each.startsWith(`${folder}/`)).reverse()) {
    await run('umount', ['-l', point]);
  }
}

function pidIn(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

test.run();
