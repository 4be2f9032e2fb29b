// What the Docker observer knows, against what the engine's own client and the kernel say.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { DockerObserver } from '../../../daemon/observe/docker/docker-observer.js';
import { resolveEngine } from '../../../daemon/observe/docker/engine-address.js';
import type { ContainerFacts, ImagePull } from '../../../daemon/observe/docker/types.js';
import { OwnerResolver } from '../../../daemon/observe/owners/owner-resolver.js';
import {
  type Cleanup,
  docker,
  type EngineName,
  engine,
  eventually,
  labSuite,
  pushRandomImage,
} from '../harness/index.js';
import { api, runBriefly } from './engine-api.js';

const IMAGE = 'nm-busybox';

async function observe(name: EngineName, cleanup: Cleanup): Promise<DockerObserver> {
  const observer = new DockerObserver({
    address: resolveEngine({ dockerHost: engine(name).dockerHost, env: {}, homeDir: '/' }),
    procRoot: '/proc',
    now: Date.now,
    log: () => {},
  });
  cleanup.defer(() => observer.stop());
  await observer.start(new AbortController().signal);
  return observer;
}

/** Runs a container until the end of the test. */
async function keep(name: EngineName, cleanup: Cleanup, ...args: string[]): Promise<string> {
  const { stdout } = await docker(name, ['run', '-d', ...args, IMAGE, 'sleep', '300']);
  const id = stdout.trim();
  cleanup.defer(() => docker(name, ['rm', '-f', id], { anyExit: true }));
  return id;
}

function cgroup2PathOf(pid: number): string | undefined {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
}

for (const name of ['28', '20'] as const) {
  const test = labSuite(`docker observer: engine ${name}`, [name]);
  const own = `observe-${name}-${process.pid}`;

  test('knows the engine as its client does', 60_000, async (cleanup) => {
    const observer = await observe(name, cleanup);
    const facts = observer.engine()!;
    const { stdout } = await docker(name, ['info', '--format', '{{json .}}']);
    const info = JSON.parse(stdout) as Record<string, unknown>;
    assert.is(facts.version, info.ServerVersion);
    assert.is(facts.rootDir, info.DockerRootDir);
    assert.is(facts.cgroupDriver, info.CgroupDriver);
    assert.is(facts.buildHistory, name === '28');
    assert.is(facts.elsewhere, false);
    assert.is(facts.pid, engine(name).pid);
    const cgroup = cgroup2PathOf(engine(name).pid);
    assert.ok(engine(name).cgroup.endsWith(cgroup!));
    assert.equal(
      facts.processes.map(({ role, comm, cgroupPath }) => [role, comm, cgroupPath]),
      [
        ['engine', 'dockerd', cgroup],
        ['containerd', 'containerd', cgroup],
      ],
    );
  });

  test('follows a container from its creation to its removal', 120_000, async (cleanup) => {
    const observer = await observe(name, cleanup);
    const id = await keep(
      name,
      cleanup,
      ...['--name', own, '-p', '127.0.0.1:28461:80', '--label', 'com.docker.compose.project=shop'],
      ...['--label', 'com.docker.compose.service=web', '--label', 'devcontainer.local_folder=/home/dev/shop'],
    );
    const now = (): ContainerFacts => observer.container(id)!;
    const pid = await eventually('its process', 20_000, () => observer.container(id)?.pid);
    const pidByClient = async (): Promise<number> =>
      Number((await docker(name, ['inspect', '-f', '{{.State.Pid}}', id])).stdout);
    assert.is(pid, await pidByClient());
    assert.equal(now().publishedPorts, [
      { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 28461, containerPort: 80 },
    ]);
    assert.equal([now().composeProject, now().composeService], ['shop', 'web']);
    assert.is(now().devContainerFolder, '/home/dev/shop');
    assert.is(now().networkMode, 'bridge');
    const address = await docker(name, [
      'inspect',
      '-f',
      '{{.NetworkSettings.Networks.bridge.IPAddress}}',
      id,
    ]);
    assert.ok(now().addresses.some((each) => each.address === address.stdout.trim()));

    await docker(name, ['rename', own, `${own}-b`]);
    await eventually('its new name', 20_000, () => now().name === `${own}-b` || undefined);
    await docker(name, ['restart', '-t', '0', id]);
    const restarted = await pidByClient();
    assert.is.not(restarted, pid);
    await eventually('its new process', 20_000, () => now().pid === restarted || undefined);
    await docker(name, ['stop', '-t', '0', id]);
    await eventually('its end', 20_000, () => now().state === 'exited' || undefined);
    assert.is(now().pid, undefined);
    await docker(name, ['rm', id]);
    await eventually('its removal', 20_000, () => now().state === 'removed' || undefined);
    assert.is(now().name, `${own}-b`);
  });

  test('finds what was there before it, with its network', 120_000, async (cleanup) => {
    const first = await keep(name, cleanup, '--name', `${own}-1`);
    const others = {
      host: await keep(name, cleanup, '--network', 'host'),
      none: await keep(name, cleanup, '--network', 'none'),
      [`container:${first}`]: await keep(name, cleanup, '--network', `container:${own}-1`),
    };
    const stopped = await keep(name, cleanup);
    await docker(name, ['kill', stopped]);
    const observer = await observe(name, cleanup);
    for (const [mode, id] of Object.entries(others)) assert.is(observer.container(id)?.networkMode, mode);
    assert.is(observer.container(stopped)?.state, 'exited');
    await eventually(
      'their processes',
      20_000,
      () => Object.values(others).every((id) => observer.container(id)?.pid !== undefined) || undefined,
    );
  });

  test('an address that comes with another network', 120_000, async (cleanup) => {
    const observer = await observe(name, cleanup);
    await docker(name, ['network', 'create', own]);
    cleanup.defer(() => docker(name, ['network', 'rm', own], { anyExit: true }));
    const id = await keep(name, cleanup);
    await docker(name, ['network', 'connect', own, id]);
    const address = await docker(name, [
      'inspect',
      '-f',
      `{{(index .NetworkSettings.Networks "${own}").IPAddress}}`,
      id,
    ]);
    await eventually(
      'its second address',
      20_000,
      () =>
        observer
          .container(id)
          ?.addresses.some((each) => each.network === own && each.address === address.stdout.trim()) ||
        undefined,
    );
  });

  test('a pull is told of when it is over', 120_000, async (cleanup) => {
    const observer = await observe(name, cleanup);
    const pulls: ImagePull[] = [];
    observer.onPull((pull) => pulls.push(pull));
    const { reference } = await pushRandomImage('observe', [20_000]);
    cleanup.defer(() => docker(name, ['rmi', reference], { anyExit: true }));
    await docker(name, ['pull', '-q', reference]);
    await eventually('the pull', 20_000, () => pulls.find(({ image }) => image === reference));
  });

  test('owners of a container and of the engine, by their processes’ cgroups', 120_000, async (cleanup) => {
    const observer = await observe(name, cleanup);
    const owners = new OwnerResolver({
      docker: observer,
      cgroupRoot: undefined,
      procRoot: '/proc',
      log: () => {},
    });
    cleanup.defer(() => owners.stop());
    owners.start();
    const id = await keep(name, cleanup, '--name', own, '-p', '28462:80');
    const pid = await eventually('its process', 20_000, () => observer.container(id)?.pid);
    const owner = owners.resolve(1, cgroup2PathOf(pid));
    assert.equal(
      [owner.id, owner.kind, owner.name, owner.facts.image],
      [`container:${id}`, 'container', own, IMAGE],
    );
    const enginePath = cgroup2PathOf(engine(name).pid);
    assert.is(owners.resolve(2, enginePath).kind, 'engine');
    const remote = { address: '198.51.100.9', port: 28462, protocol: 'tcp' as const };
    assert.is(owners.resolve(2, enginePath, { remote, serviceIsLocal: true }).id, `relay:${id}`);
  });

  const count = name === '28' ? 40 : 20;
  test(`${count} containers that end at once: each has its name and image`, 400_000, async (cleanup) => {
    const observer = await observe(name, cleanup);
    const named = new Map<string, string>();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) {
        const container = `${own}-brief-${next++}`;
        cleanup.defer(() => api(name, 'DELETE', `/containers/${container}?force=1`).catch(() => {}));
        named.set(await runBriefly(name, container, IMAGE), container);
      }
    };
    await Promise.all([work(), work(), work()]);
    assert.is(named.size, count);
    await eventually(
      'the last removal',
      30_000,
      () => [...named.keys()].every((id) => observer.container(id)?.state === 'removed') || undefined,
    );
    for (const [id, container] of named) {
      assert.is(observer.container(id)?.name, container);
      assert.is(observer.container(id)?.image, IMAGE);
    }
  });

  test.run();
}
