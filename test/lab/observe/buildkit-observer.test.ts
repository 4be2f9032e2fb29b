// Builds on a real engine, seen by nobody but the engine.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { connectBuildkit } from '../../../daemon/observe/buildkit/connection.js';
import type { Build, StepStatus } from '../../../src/builds/types.js';
import { bytesPath, type Cleanup, engine, lab, labSuite, pushRandomImage } from '../harness/index.js';
import { slowRegistry } from './slow-registry.js';
import { buildNamed, imageName, stepsInLog, WatchedEngine } from './watched-engine.js';

const test = labSuite('lab: watching builds on Engine 28', ['28', '20']);
const PORT = 5023;
const IN_LOG: Partial<Record<StepStatus, string>> = {
  done: 'DONE',
  cached: 'CACHED',
  failed: 'ERROR',
  canceled: 'CANCELED',
};

/** A command that is in no cache. */
const fresh = (command: string): string => `${command} # ${randomUUID()}`;
const statusOf = (build: Build, instruction: string) =>
  build.steps.filter((step) => step.instruction.includes(instruction)).map((step) => step.status);

test('a build that nobody wrapped, step for step as its client tells it', 120_000, async (cleanup) => {
  const engine28 = await new WatchedEngine(cleanup).start();
  const name = imageName(cleanup, 'plain');
  const dockerfile = [
    'FROM nm-busybox AS tools',
    `RUN ${fresh('echo tools')}`,
    'FROM nm-busybox',
    'WORKDIR /work',
    'COPY --from=tools /etc /e',
    'COPY f /f',
    `RUN ${fresh('echo $NAME')}`,
  ].join('\n');
  for (const round of ['first', 'second']) {
    const log = await buildNamed(name, { dockerfile, files: { f: 'x' } });
    const build = await engine28.ended(name);
    assert.is(build.status, 'completed', round);
    assert.ok(build.context!.includes('netmeter-build-'), `${build.context}`);
    const inLog = stepsInLog(log);
    const numbered = build.steps.filter((step) => step.number !== undefined);
    assert.is(numbered.length, 6);
    for (const step of numbered) {
      // Clients call an image done that was there and not needed.
      if (step.kind === 'from') continue;
      assert.ok(
        inLog.get(step.name)?.includes(IN_LOG[step.status]!),
        `${round}: ${step.name}: ${step.status}`,
      );
    }
    engine28.told.length = 0;
  }
});

test('attached in the middle, nothing is missed', 120_000, async (cleanup) => {
  const name = imageName(cleanup, 'middle');
  const going = buildNamed(name, {
    dockerfile: `FROM nm-busybox\nRUN ${fresh('echo early')}\nRUN ${fresh('sleep 6')}\n`,
  });
  const probe = await new WatchedEngine(cleanup).start();
  await probe.running(name, (build) => statusOf(build, 'sleep')[0] === 'running');
  const late = await new WatchedEngine(cleanup).start();
  const build = await late.running(name, (each) => statusOf(each, 'sleep')[0] === 'running');
  assert.equal(statusOf(build, 'early'), ['done']);
  await going;
  const ends = await Promise.all([probe.ended(name), late.ended(name)]);
  assert.equal(ends[1], ends[0]);
});

test('builds of the time when nobody looked: the same as seen live', 120_000, async (cleanup) => {
  const live = await new WatchedEngine(cleanup).start();
  const names = [imageName(cleanup, 'past'), imageName(cleanup, 'past')];
  await Promise.all(
    names.map((name) => buildNamed(name, { dockerfile: `FROM nm-busybox\nRUN ${fresh('true')}` })),
  );
  const seen = await Promise.all(names.map((name) => live.ended(name)));
  const refs = new Set(seen.map((build) => build.ref));
  const late = await new WatchedEngine(cleanup, '28', { isKnown: (ref) => !refs.has(ref) }).start();
  for (const [i, name] of names.entries()) assert.equal(late.last(name), seen[i]);
});

test('a failed build, and one that is stopped', 120_000, async (cleanup) => {
  const watched = await new WatchedEngine(cleanup).start();
  const failing = imageName(cleanup, 'failing');
  const stages = [
    `FROM nm-busybox AS slow\nRUN ${fresh('sleep 60')}`,
    `FROM nm-busybox AS bad\nRUN ${fresh('sleep 1; exit 3')}`,
  ];
  const last = 'FROM nm-busybox\nCOPY --from=slow /etc /a\nCOPY --from=bad /etc /b';
  await buildNamed(failing, { dockerfile: [...stages, last].join('\n'), anyExit: true });
  // A build that failed has its name, too: it was asked for.
  const build = await watched.ended(failing);
  assert.is(build.status, 'failed');
  assert.match(build.error!, 'exit code: 3');
  assert.equal(statusOf(build, 'exit 3'), ['failed']);
  assert.equal(statusOf(build, 'sleep 60'), ['canceled']);

  const stopped = imageName(cleanup, 'stopped');
  const options = { dockerfile: `FROM nm-busybox\nRUN ${fresh('sleep 60')}`, timeoutMs: 6_000 };
  // At the end of its time the client is killed, and the engine notices that nobody waits any more.
  await buildNamed(stopped, options).then(assert.unreachable, () => {});
  const canceled = await watched.ended(stopped);
  assert.is(canceled.status, 'canceled');
  assert.equal(statusOf(canceled, 'sleep 60'), ['canceled']);
});

test('two builds that share a step: one ran it, the other says whose it is', 120_000, async (cleanup) => {
  const watched = await new WatchedEngine(cleanup).start();
  const names = [imageName(cleanup, 'share'), imageName(cleanup, 'share')] as const;
  const common = `FROM nm-busybox\nRUN ${fresh('sleep 5')}`;
  const first = buildNamed(names[0], { dockerfile: `${common}\nRUN ${fresh('echo one')}` });
  await watched.running(names[0], (build) => statusOf(build, 'sleep')[0] === 'running');
  await Promise.all([first, buildNamed(names[1], { dockerfile: `${common}\nRUN ${fresh('echo two')}` })]);
  const [ran, shared] = await Promise.all(names.map((name) => watched.ended(name)));
  assert.equal(statusOf(ran!, 'sleep'), ['done']);
  assert.equal(statusOf(shared!, 'sleep'), ['shared']);
  assert.is(shared!.steps.find((step) => step.instruction.includes('sleep'))!.sharedWith, ran!.ref);
});

test('what a pull tells grows by the sizes of its layers', 120_000, async (cleanup) => {
  const watched = await new WatchedEngine(cleanup).start();
  const slow = await slowRegistry(cleanup, PORT, 4_000_000);
  const image = await pushRandomImage('observe', [5_000_000, 2_000_000]);
  const reference = image.reference.replace(lab().registry, slow);
  const name = imageName(cleanup, 'pull');
  await buildNamed(name, { dockerfile: `FROM ${reference}` });
  const from = (await watched.ended(name)).steps.find((step) => step.kind === 'from')!;
  const grown = from.blobs.filter((blob) => blob.samples.length > 1);
  const sizes = image.layers.map((layer) => [layer.digest, layer.size]);
  assert.equal(
    Object.fromEntries(grown.map((blob) => [blob.id, blob.samples.at(-1)!.current])),
    Object.fromEntries(sizes),
  );
  // More than its beginning and its end was told of a layer that took a second.
  assert.ok(grown.some((blob) => blob.samples.length > 3));
});

test('ADD of a URL and of a repository are told apart', 120_000, async (cleanup) => {
  const watched = await new WatchedEngine(cleanup).start();
  const name = imageName(cleanup, 'add');
  const url = `${lab().origin}${bytesPath(50_000, 'add')}`;
  await buildNamed(name, {
    dockerfile: `FROM nm-busybox\nADD ${url} /a\nADD ${lab().origin}/git/sample.git /b`,
  });
  const { steps } = await watched.ended(name);
  assert.is(steps.filter((step) => step.kind === 'add').length, 1);
  assert.is(steps.filter((step) => step.kind === 'git').length, 1);
  assert.ok(steps.find((step) => step.kind === 'add')!.instruction.includes(url));
});

test('a build of 500 steps', 400_000, async (cleanup) => {
  const watched = await new WatchedEngine(cleanup).start();
  const name = imageName(cleanup, 'long');
  const stage = (s: number) => {
    const lines = Array.from({ length: 100 }, (_, i) => `COPY f /${s}/${i}`);
    return [`FROM scratch AS s${s}`, ...lines].join('\n');
  };
  const stages = [1, 2, 3, 4, 5].map(stage);
  const last = ['FROM scratch', ...[1, 2, 3, 4, 5].map((s) => `COPY --from=s${s} /${s}/1 /${s}`)].join('\n');
  await buildNamed(name, {
    dockerfile: [...stages, last].join('\n'),
    files: { f: randomUUID() },
    timeoutMs: 390_000,
  });
  const build = await watched.ended(name);
  assert.is(build.steps.filter((step) => step.kind === 'copy').length, 505);
  assert.ok(build.steps.filter((step) => step.kind === 'copy').every((step) => step.status === 'done'));
});

test('the connection breaks in the middle of a build, twice: it goes on', 120_000, async (cleanup) => {
  const relay = await relayTo(cleanup, engine('28').dockerHost.replace('unix://', ''));
  const watched = await new WatchedEngine(cleanup, '28', {
    connect: (signal) =>
      connectBuildkit(
        { kind: 'unix', socketPath: relay.path, name: 'relay', url: 'unix://relay', source: 'a test' },
        signal,
      ),
  }).start();
  const name = imageName(cleanup, 'relay');
  const going = buildNamed(name, {
    dockerfile: `FROM nm-busybox\nRUN ${fresh('sleep 6')}\nRUN ${fresh('echo end')}`,
  });
  await watched.running(name, (build) => statusOf(build, 'sleep')[0] === 'running');
  relay.cut();
  await watched.running(name, () => watched.observer.state().ok);
  relay.cut();
  await going;
  const build = await watched.ended(name);
  assert.is(build.status, 'completed');
  assert.equal([...statusOf(build, 'sleep'), ...statusOf(build, 'echo end')], ['done', 'done']);
  assert.is(watched.told.filter((each) => each.name === name && each.status === 'completed').length, 1);
  assert.ok(watched.log.length >= 1);
});

test('Engine 20.10 has no history, which is said once', 60_000, async (cleanup) => {
  const { observer, log } = await new WatchedEngine(cleanup, '20').start();
  assert.is(observer.errorCode(), 'engine-unsupported');
  assert.is(log.length, 1);
});

interface Relay {
  path: string;
  cut: () => void;
}

/** A socket that passes everything on, until it is cut. */
async function relayTo(cleanup: Cleanup, socketPath: string): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'netmeter-relay-'));
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(socketPath);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => sockets.delete(one));
    }
  });
  const path = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  cleanup.defer(() => {
    server.close();
    cut();
    rmSync(folder, { recursive: true, force: true });
  });
  return { path, cut };
}

test.run();
