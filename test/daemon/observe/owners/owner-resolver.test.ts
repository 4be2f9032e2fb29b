import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OwnerResolver } from '../../../../daemon/observe/owners/owner-resolver.js';
import type { FlowFacts } from '../../../../daemon/observe/owners/published-ports.js';
import type { Owner } from '../../../../src/metering/types.js';
import { container, engine, KnownContainers } from './container-facts.js';

interface Context {
  docker: KnownContainers;
  owners: OwnerResolver;
  told: Owner[];
  root: string;
}

const test = suite<Context>('owner resolver');
const A = 'a0'.repeat(32);
const B = 'b0'.repeat(32);
const STEP = 'k3v8z0q1w2e3r4t5y6u7i8o9p';
const DOCKER = '/system.slice/docker.service';
const HOST_NETNS = 1;

test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'netmeter-owners-'));
  context.docker = new KnownContainers();
  context.told = [];
  context.owners = new OwnerResolver({
    docker: context.docker,
    cgroupRoot: join(context.root, 'cgroup'),
    procRoot: join(context.root, 'proc'),
    hostNetns: HOST_NETNS,
    log: (message) => {
      throw new Error(message);
    },
  });
  context.owners.onOwner((owner) => context.told.push(owner));
  context.owners.start();
});

test.after.each(({ root, owners }) => {
  owners.stop();
  rmSync(root, { recursive: true, force: true });
});

/** Puts programs into a cgroup, as `cgroup.procs` and `/proc/<pid>/comm` show them. */
function run(root: string, cgroup: string, ...comms: string[]): void {
  mkdirSync(join(root, 'cgroup', cgroup), { recursive: true });
  const pids = comms.map((_, index) => 1000 + index);
  writeFileSync(join(root, 'cgroup', cgroup, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
  for (const [index, comm] of comms.entries()) {
    mkdirSync(join(root, 'proc', `${pids[index]}`), { recursive: true });
    writeFileSync(join(root, 'proc', `${pids[index]}`, 'comm'), `${comm}\n`);
  }
}

function flow(facts: Partial<FlowFacts['remote']> & { local?: boolean; netns?: number }): FlowFacts {
  const { local = false, netns = 0, ...remote } = facts;
  return {
    remote: { address: '198.51.100.7', port: 443, protocol: 'tcp', ...remote },
    serviceIsLocal: local,
    netns,
  };
}

test('a container with all that is known of it', ({ docker, owners }) => {
  docker.put(
    container(A, {
      name: 'shop-web-1',
      image: 'shop:1',
      composeProject: 'shop',
      composeService: 'web',
      devContainerFolder: '/home/dev/shop',
      networkMode: 'shop_default',
    }),
  );
  const path = `/system.slice/docker-${A}.scope`;
  assert.equal(owners.resolve(7, `${path}/init`), {
    id: `container:${A}`,
    kind: 'container',
    name: 'shop-web-1',
    facts: {
      image: 'shop:1',
      composeProject: 'shop',
      composeService: 'web',
      devContainerFolder: '/home/dev/shop',
      networkMode: 'shop_default',
      cgroupPath: path,
    },
  });
});

test('a name that comes late is told of, under the same id', ({ docker, owners, told }) => {
  assert.is(owners.resolve(7, `/docker/${A}`).name, A.slice(0, 12));
  docker.put(container(A, { name: 'web', image: 'shop:1' }));
  assert.equal(
    told.map(({ id, name }) => [id, name]),
    [
      [`container:${A}`, A.slice(0, 12)],
      [`container:${A}`, 'web'],
    ],
  );
  assert.is(owners.resolve(7, `/docker/${A}`).name, 'web');
  assert.is(owners.resolve(7, `/docker/${A}`).facts.cgroupPath, `/docker/${A}`);
});

test('what did not change is not told again', ({ docker, owners, told }) => {
  docker.put(container(A, { name: 'web' }));
  owners.resolve(7, `/docker/${A}`);
  owners.resolve(7, `/docker/${A}`);
  docker.put(container(A, { name: 'web', pid: 5 }));
  assert.is(told.length, 1);
});

test('two containers of one name, one after the other, are two owners', ({ docker, owners }) => {
  docker.put(container(A, { name: 'web', state: 'removed' }));
  docker.put(container(B, { name: 'web' }));
  const first = owners.resolve(7, `/docker/${A}`);
  const second = owners.resolve(8, `/docker/${B}`);
  assert.equal([first.name, second.name], ['web', 'web']);
  assert.is.not(first.id, second.id);
});

test('containers of other engines have their ids', ({ owners }) => {
  assert.is(owners.resolve(7, `/machine.slice/libpod-${A}.scope`).name, `podman ${A.slice(0, 12)}`);
  assert.is(owners.resolve(8, `/kubepods/besteffort/pod1/${B}`).kind, 'container');
});

test('a container in a container: the one that the engine knows', ({ docker, owners }) => {
  const path = `/docker/${A}/docker/${B}`;
  docker.put(container(A, { name: 'dind' }));
  assert.is(owners.resolve(7, path).name, 'dind');
  docker.put(container(B, { name: 'inner' }));
  assert.is(owners.resolve(7, path).name, 'inner');
  assert.is(owners.resolve(8, `/lxc.payload.home/docker/${B}`).name, 'inner');
  assert.equal(owners.resolve(9, `/lxc.payload.home/docker/${'c'.repeat(64)}`), {
    id: 'host:/lxc.payload.home',
    kind: 'host',
    name: 'lxc home',
    facts: { cgroupPath: '/lxc.payload.home' },
  });
});

test('a proxy by its label, a builder by its name or image', ({ docker, owners }) => {
  docker.put(container(A, { name: 'cache', labels: { 'netmeter.role': 'proxy' } }));
  docker.put(container(B, { name: 'buildx_buildkit_big0' }));
  assert.is(owners.resolve(7, `/docker/${A}`).kind, 'proxy');
  assert.is(owners.resolve(8, `/docker/${B}/init`).kind, 'engine');
  for (const [image, kind] of [
    ['moby/buildkit:buildx-stable-1', 'engine'],
    ['mirror.example/moby/buildkit@sha256:0', 'engine'],
    ['me/notmoby/buildkitten', 'container'],
  ]) {
    docker.put(container(B, { name: 'b', image }));
    assert.is(owners.resolve(8, `/docker/${B}/init`).kind, kind, image);
  }
});

test('a build step, and one of a builder in a container', ({ docker, owners }) => {
  docker.put(container(A, { name: 'buildx_buildkit_big0' }));
  const step = owners.resolve(7, `/docker/buildkit/${STEP}`);
  assert.equal(
    [step.id, step.kind, step.facts.cgroupPath],
    [`exec:${STEP}`, 'step', `/docker/buildkit/${STEP}`],
  );
  const nested = owners.resolve(8, `/docker/buildx/${A}/buildkit/${STEP.replace('k', 'm')}`);
  assert.equal([nested.id, nested.kind], [`exec:${STEP.replace('k', 'm')}`, 'step']);
});

test('what a build tells of its step, before and after the first byte', ({ owners, told }) => {
  owners.describe(`exec:${STEP}`, { name: 'RUN poetry install', facts: { buildRef: 'r1' } });
  assert.equal(told, []);
  assert.is(owners.resolve(7, `/docker/buildkit/${STEP}`).name, 'RUN poetry install');
  owners.describe(`exec:${STEP}`, { facts: { stepDigest: 'sha256:1' } });
  assert.equal(owners.owner(`exec:${STEP}`), {
    id: `exec:${STEP}`,
    kind: 'step',
    name: 'RUN poetry install',
    facts: { cgroupPath: `/docker/buildkit/${STEP}`, cgroupId: 7, buildRef: 'r1', stepDigest: 'sha256:1' },
  });
  assert.is(told.length, 2);
});

test('the engine, its containerd, and what lies below them', ({ docker, owners }) => {
  docker.connect(engine({ engine: DOCKER, containerd: '/system.slice/containerd.service' }));
  for (const [id, path] of [
    [7, DOCKER],
    [8, '/system.slice/containerd.service'],
    [9, `${DOCKER}/supervisor`],
  ] as const) {
    assert.equal(owners.resolve(id, path), {
      id: 'engine:default',
      kind: 'engine',
      name: 'Docker engine',
      facts: { cgroupPath: DOCKER },
    });
  }
  assert.is(owners.resolve(10, '/system.slice/docker.service.d').kind, 'host');
});

test('an engine that is found late, and one that is being restarted', ({ docker, owners }) => {
  assert.is(owners.resolve(7, DOCKER).id, `host:${DOCKER}`);
  docker.connect(engine({ engine: DOCKER }, 'colima'));
  assert.is(owners.resolve(7, DOCKER).id, 'engine:colima');
  docker.disconnect();
  assert.is(owners.resolve(7, DOCKER).id, 'engine:colima');
  assert.is(owners.resolve(8, DOCKER).name, 'Docker engine colima');
});

test('an engine that shares its cgroup with others does not get their bytes', ({ docker, owners, root }) => {
  const session = '/user.slice/user-1000.slice/session-2.scope';
  run(root, session, 'bash', 'dockerd', 'openvpn');
  docker.connect(engine({ engine: session, containerd: '/' }));
  const owner = owners.resolve(7, session);
  assert.equal([owner.id, owner.kind], [`host:${session}`, 'host']);
  assert.is(owner.name, 'login session 2 of user 1000 (dockerd, openvpn among them)');
  assert.is(owners.resolve(8, '/').name, 'processes in the root cgroup (containerd among them)');
  assert.is(owners.resolve(8, '/').id, 'host:/');
});

test('docker-proxy in the engine’s cgroup is the relay of its container', ({ docker, owners, told }) => {
  docker.connect(engine({ engine: DOCKER }));
  docker.put(
    container(A, {
      name: 'web',
      publishedPorts: [{ protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080, containerPort: 80 }],
      addresses: [{ network: 'bridge', address: '172.17.0.2' }],
    }),
  );
  const of = (facts: Parameters<typeof flow>[0]): string => owners.resolve(7, DOCKER, flow(facts)).id;
  assert.is(of({ port: 8080, local: true }), `relay:${A}`);
  assert.is(of({ port: 80, address: '172.17.0.2' }), `relay:${A}`);
  for (const facts of [
    { port: 8080 },
    { port: 8080, local: true, protocol: 'udp' as const },
    { port: 80, local: true },
    { port: 81, address: '172.17.0.2' },
    { port: 80, address: '172.17.0.3' },
    { port: 443 },
  ]) {
    assert.is(of(facts), 'engine:default', JSON.stringify(facts));
  }
  assert.is(owners.resolve(7, DOCKER).id, 'engine:default');
  const relay = told.find(({ kind }) => kind === 'relay')!;
  assert.is(relay.name, 'docker-proxy for web');
  assert.is(relay.facts.relayedContainer, A);
});

test('a port that another container took over, and one whose container ended', ({ docker, owners }) => {
  docker.connect(engine({ engine: DOCKER }));
  const publishedPorts = [{ protocol: 'tcp', hostAddress: '::', hostPort: 8080, containerPort: 80 }];
  const resolve = (): string => owners.resolve(7, DOCKER, flow({ port: 8080, local: true })).id;
  docker.put(container(A, { publishedPorts }));
  docker.put(container(A, { state: 'exited' }));
  assert.is(resolve(), `relay:${A}`);
  docker.put(container(B, { publishedPorts }));
  assert.is(resolve(), `relay:${B}`);
  // One that crashed is listed with the ports it had.
  docker.put(container(A, { state: 'exited', publishedPorts }));
  assert.is(resolve(), `relay:${B}`);
  docker.forget(A);
  docker.forget(B);
  owners.review(new Set([7]));
  assert.is(resolve(), 'engine:default');
});

test('in a cgroup with others only the listening side is known to be docker-proxy', ({ docker, owners }) => {
  docker.connect(engine({ engine: '/' }));
  docker.put(
    container(A, {
      publishedPorts: [{ protocol: 'tcp', hostAddress: '::', hostPort: 8080, containerPort: 80 }],
      addresses: [{ network: 'bridge', address: '172.17.0.2' }],
    }),
  );
  assert.is(owners.resolve(7, '/', flow({ port: 8080, local: true })).id, `relay:${A}`);
  assert.is(owners.resolve(7, '/', flow({ port: 80, address: '172.17.0.2' })).id, 'host:/');
});

test('what carries a rootless engine’s packets is told from it by its namespace', ({
  docker,
  owners,
  root,
}) => {
  const path = '/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service';
  run(root, path, 'rootlesskit', 'slirp4netns', 'dockerd');
  docker.connect(engine({ engine: path }, 'rootless'));
  assert.is(owners.resolve(7, path, flow({ netns: 4026 })).id, 'engine:rootless');
  assert.is(owners.resolve(7, path, flow({ netns: HOST_NETNS })).kind, 'relay');
  assert.is(owners.resolve(7, path, flow({ netns: 0 })).id, 'engine:rootless');
});

const relays: [path: string, comms: string[], id: string, name: string][] = [
  ['/system.slice/openvpn-client@home.service', [], 'relay:openvpn', 'openvpn'],
  ['/system.slice/tailscaled.service', ['tailscaled'], 'relay:tailscaled', 'tailscaled'],
  ['/system.slice/NetworkManager.service', ['NetworkManager', 'openvpn'], 'relay:openvpn', 'openvpn'],
  ['/system.slice/strongswan.service', ['charon-systemd'], 'relay:charon-systemd', 'charon-systemd'],
  [
    '/user.slice/user-1.slice/user@1.service/user.slice/pasta-9.scope',
    ['pasta.avx2'],
    'relay:pasta.avx2',
    'pasta.avx2',
  ],
  ['/user.slice/user-1.slice/user@1.service/tmux-spawn-1.scope', ['bash', 'openvpn'], '', 'tmux'],
  ['/system.slice/openvpn-monitor.service', ['python3'], '', 'openvpn-monitor.service'],
];

for (const [path, comms, id, name] of relays) {
  test(`${path} with ${comms.join(', ') || 'nothing to be seen'}`, ({ owners, root }) => {
    run(root, path, ...comms);
    const owner = owners.resolve(7, path);
    assert.is(owner.id, id || `host:${path}`);
    assert.is(owner.kind, id ? 'relay' : 'host');
    assert.is(owner.name, name);
  });
}

test('a VPN that is started later is seen at the next review', ({ owners, root }) => {
  const path = '/system.slice/NetworkManager.service';
  run(root, path, 'NetworkManager');
  assert.is(owners.resolve(7, path).kind, 'host');
  run(root, path, 'NetworkManager', 'openvpn');
  owners.review(new Set([7]));
  assert.is(owners.resolve(7, path).id, 'relay:openvpn');
});

test('a command of netmeter run, a service, and cgroups below them', ({ owners }) => {
  assert.equal(owners.resolve(7, '/netmeter/run-7f'), {
    id: 'run:7f',
    kind: 'host',
    name: 'netmeter run 7f',
    facts: { cgroupPath: '/netmeter/run-7f' },
  });
  assert.is(owners.resolve(8, '/system.slice/ssh.service').name, 'ssh.service');
  assert.is(owners.resolve(9, '/system.slice/ssh.service/inner').id, 'host:/system.slice/ssh.service');
});

test('an unknown cgroup is nobody else’s, until its path is learnt', ({ owners }) => {
  assert.equal(owners.resolve(4711, undefined), {
    id: 'host:?4711',
    kind: 'host',
    name: 'unknown cgroup 4711',
    facts: {},
  });
  assert.is.not(owners.resolve(4712, undefined).id, owners.resolve(4711, undefined).id);
  assert.is(owners.resolve(4711, `/docker/${A}`).id, `container:${A}`);
});

test('a review forgets what no cgroup has any more, and tells it anew when it is back', ({
  owners,
  told,
}) => {
  owners.resolve(7, `/docker/${A}`);
  owners.resolve(8, `/docker/${B}`);
  owners.review(new Set([8]));
  assert.is(owners.owner(`container:${A}`), undefined);
  assert.is(owners.owner(`container:${B}`)?.id, `container:${B}`);
  owners.resolve(7, `/docker/${A}`);
  assert.is(told.length, 3);
});

test('without a Docker engine the host is resolved all the same', () => {
  const owners = new OwnerResolver({
    docker: undefined,
    cgroupRoot: undefined,
    procRoot: '/none',
    log: () => {},
  });
  owners.start();
  assert.is(owners.resolve(7, DOCKER, flow({})).name, 'docker.service');
  assert.is(owners.resolve(8, `/docker/${A}`).kind, 'container');
  owners.stop();
});

test('after a stop the observer is no longer heard', ({ docker, owners, told }) => {
  owners.resolve(7, `/docker/${A}`);
  owners.stop();
  docker.put(container(A, { name: 'web' }));
  assert.is(told.length, 1);
});

test.run();
