// BuildKit in a container, reached through the engine. The lab has no image of BuildKit: a container whose
// `buildctl` passes on to the engine's own stands in for it, so that everything between is real.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { connectBuilder } from '../../../daemon/observe/buildkit/builder-connection.js';
import { hijack } from '../../../daemon/observe/buildkit/hijack.js';
import { resolveEngine } from '../../../daemon/observe/docker/engine-address.js';
import { NetmeterError } from '../../../src/errors.js';
import {
  type Cleanup,
  docker,
  engine,
  eventually,
  labSuite,
  removeContainers,
  run,
} from '../harness/index.js';
import { buildNamed, imageName, WatchedEngine } from './watched-engine.js';

const test = labSuite('lab: BuildKit in a container');
const address = () => resolveEngine({ dockerHost: engine('28').dockerHost, env: {}, homeDir: '/' });
const never = new AbortController().signal;

test('builds are seen through it', 120_000, async (cleanup) => {
  const container = await standIn(cleanup);
  const watched = await new WatchedEngine(cleanup, '28', {
    connect: (signal) => connectBuilder(address(), container, signal),
  }).start();
  assert.is(watched.observer.state().because, undefined);
  const name = imageName(cleanup, 'builder');
  // More output than a frame or a window of HTTP/2 holds.
  const dockerfile = `FROM nm-busybox\nRUN seq 1 200000; echo ${randomUUID()}`;
  await buildNamed(name, { dockerfile });
  const build = await watched.ended(name);
  assert.equal(
    build.steps.filter((step) => step.kind === 'run').map((step) => step.status),
    ['done'],
  );
});

test('a builder that is stopped is said to be away', 120_000, async (cleanup) => {
  const container = await standIn(cleanup);
  const watched = await new WatchedEngine(cleanup, '28', {
    connect: (signal) => connectBuilder(address(), container, signal),
  }).start();
  await docker('28', ['kill', container]);
  await eventually('the news', 10_000, () => (watched.observer.state().ok ? undefined : true));
  await docker('28', ['start', container]);
  await eventually('it to be back', 30_000, () => (watched.observer.state().ok ? true : undefined));
});

test('no such container, and one without the program', 60_000, async (cleanup) => {
  await assertFails(connectBuilder(address(), `none-${randomUUID()}`, never), 'not-found');
  const name = `netmeter-bare-${randomUUID()}`;
  cleanup.defer(() => removeContainers('28', name));
  await docker('28', ['run', '-d', '--name', name, 'nm-busybox', 'sleep', '600']);
  const connection = await connectBuilder(address(), name, never);
  // The engine writes why it cannot start it where BuildKit's first bytes would be.
  const events = connection.history({ activeOnly: true, earlyExit: false }, never);
  await assertFails(first(events), 'engine-nonsense');
});

async function first<T>(stream: AsyncIterable<T>): Promise<T | undefined> {
  for await (const value of stream) return value;
  return undefined;
}

async function assertFails(work: Promise<unknown>, code: NetmeterError['code']): Promise<void> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, NetmeterError);
  assert.is((error as NetmeterError).code, code, (error as NetmeterError).message);
}

/** @returns the name of a container whose `buildctl dial-stdio` speaks with the engine's BuildKit */
async function standIn(cleanup: Cleanup): Promise<string> {
  const { stdout } = await run('ip', ['-4', '-br', 'addr', 'show', 'dev', engine('28').bridge]);
  const host = /(\d+\.\d+\.\d+\.\d+)\//.exec(stdout)![1]!;
  const server = createServer((client) => {
    client.on('error', () => {});
    hijack(address(), { path: '/grpc', protocol: 'h2c' }, never).then(
      (upstream) => {
        upstream.on('error', () => client.destroy());
        client.on('close', () => upstream.destroy());
        client.pipe(upstream).pipe(client);
      },
      () => client.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  cleanup.defer(() => server.close());
  const { port } = server.address() as { port: number };
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-buildctl-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const script = `#!/bin/sh\nexec /bin/busybox nc ${host} ${port}\n`;
  writeFileSync(join(folder, 'buildctl'), script, { mode: 0o755 });
  const name = `netmeter-builder-${randomUUID()}`;
  cleanup.defer(() => removeContainers('28', name));
  // At the same path in there as here: an engine in a chroot runs what it executes in a container outside of it.
  const where = ['-v', `${folder}:${folder}`, '-e', `PATH=${folder}:/bin`];
  await docker('28', ['run', '-d', '--name', name, ...where, 'nm-busybox', 'sleep', '600']);
  return name;
}

test.run();
