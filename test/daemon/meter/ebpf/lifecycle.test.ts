import { type ChildProcess, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type EbpfMeter,
  type EbpfMeterOptions,
  type FlowCounter,
  openEbpfMeter,
} from '../../../../daemon/meter/ebpf/ebpf-meter.js';
import { objectInfo } from '../../../../daemon/meter/ebpf/kernel/bpf-call.js';
import { openPinned } from '../../../../daemon/meter/ebpf/kernel/bpf-pin.js';
import { probeEbpf } from '../../../../daemon/meter/ebpf/probe.js';
import { mount, unmount } from '../../../../daemon/sys/file-systems.js';
import { NativeStruct } from '../../../../daemon/sys/native-struct.js';
import { inNetworkNamespace } from '../../../../daemon/sys/network-namespace.js';
import { syscall, trySyscall } from '../../../../daemon/sys/syscall.js';
import { counted, difference, FAR, ip, Lab, type LinkCount, type Sums } from './lab.js';

const MB = 1 << 20;
const TX_HEADER = 14;
const MS_RDONLY = 1;
const MS_REMOUNT = 32;
const ENOENT = 2;
const BPF_PROG_GET_FD_BY_ID = 13;
const BPF_MAP_GET_FD_BY_ID = 14;
const BPF_LINK_GET_FD_BY_ID = 30;
/** Of the systemd unit, less what other sources need. */
const CAPABILITIES = '-all,+bpf,+net_admin,+perfmon,+dac_read_search';
const BPF_PROG_QUERY = 16;
const CGROUP_INGRESS = 0;
const CGROUP_EGRESS = 1;
const holder = fileURLToPath(new URL('./holder.ts', import.meta.url));

const lab = new Lab();
const pinDir = `/sys/fs/bpf/netmeter-test-${process.pid}-life`;
let options: EbpfMeterOptions = {};
let root = '';
let server = '';
let runs = 0;

function newCgroup(): { path: string; id: number } {
  return lab.cgroup(`root/life${++runs}`);
}

/** Downloads over one connection that the server closes. */
async function download(cgroup: string, bytes: number): Promise<void> {
  const serving = await lab.peer(lab.far, server, 'serve', FAR.v4, 8100, bytes, 'server', 1);
  await lab.finish(await lab.peer(lab.near, cgroup, 'fetch', FAR.v4, 8100, bytes, 'server', 1));
  await lab.finish(serving);
}

/** Starts a process that meters, and waits until it says how it went. */
async function hold(
  more: EbpfMeterOptions = {},
  user?: number,
  capabilities = '+all',
): Promise<{ child: ChildProcess; said: Said }> {
  const args = ['--import', 'tsx', holder, JSON.stringify({ ...options, ...more })];
  const credentials = user === undefined ? {} : { uid: user, gid: user };
  const limit = user === undefined ? ['setpriv', `--bounding-set=${capabilities}`] : [];
  const [program, ...rest] = [...limit, process.execPath, ...args];
  const child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'inherit'], ...credentials });
  const text = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (data: Buffer) => resolve(data.toString()));
    child.once('exit', (code) => reject(new Error(`the holder exited with ${code}`)));
  });
  return { child, said: JSON.parse(text) as Said };
}

interface Said {
  epoch?: string;
  code?: string;
  message?: string;
  hint?: string;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** How many programs are attached to the tests' cgroup, as the kernel says. */
function attached(direction: number): number {
  const cgroup = openSync(root, 'r');
  try {
    const query = new NativeStruct(64).u32(0, cgroup).u32(4, direction);
    syscall('bpf', 'PROG_QUERY', BPF_PROG_QUERY, query, 64);
    return query.getU32(24);
  } finally {
    closeSync(cgroup);
  }
}

interface KernelObject {
  kind: 'link' | 'program' | 'map';
  id: number;
}

/** All that is pinned in a directory, with the kernel's numbers. */
function pinnedObjects(directory: string): KernelObject[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return pinnedObjects(path);
    const fd = openPinned(path)!;
    const id = objectInfo(fd, 16, path).getU32(4);
    closeSync(fd);
    if (directory === pinDir) return [{ kind: 'link', id }];
    return [{ kind: entry.name.startsWith('program_') ? 'program' : 'map', id }];
  });
}

/** Waits until the kernel has no such object any more: it frees them a little later. */
async function gone({ kind, id }: KernelObject): Promise<void> {
  const command = { program: BPF_PROG_GET_FD_BY_ID, map: BPF_MAP_GET_FD_BY_ID, link: BPF_LINK_GET_FD_BY_ID };
  for (let attempt = 0; attempt < 100; attempt++) {
    const fd = trySyscall('bpf', command[kind], new NativeStruct(16).u32(0, id), 16);
    if (fd === -ENOENT) return;
    assert.ok(fd >= 0);
    closeSync(fd);
    await sleep(20);
  }
  assert.unreachable(`${kind} ${id} is still there`);
}

function sumOf(counters: readonly FlowCounter[], cgroupId: number, direction: 'rx' | 'tx'): Sums {
  const sums = { bytes: 0, packets: 0 };
  for (const counter of counters) {
    if (counter.cgroupId !== cgroupId || counter.direction !== direction) continue;
    sums.bytes += counter.bytes;
    sums.packets += counter.packets;
  }
  return sums;
}

function assertReceived(link: LinkCount, ...parts: Sums[]): void {
  const sum = parts.reduce((a, b) => ({ bytes: a.bytes + b.bytes, packets: a.packets + b.packets }));
  assert.equal(sum, { bytes: link.rxBytes, packets: link.rxPackets });
}

/** Opens a meter for the length of some work, and removes all of it afterwards. */
async function withMeter(
  more: EbpfMeterOptions,
  work: (meter: EbpfMeter) => Promise<void> | void,
): Promise<void> {
  const meter = openEbpfMeter({ ...options, ...more });
  try {
    await work(meter);
  } finally {
    meter.detach(0);
  }
}

test.before(async () => {
  await lab.start();
  root = lab.cgroupDirectory(lab.cgroup('root').path);
  server = lab.cgroup('server').path;
  options = { pinDir, cgroupRoot: root };
});

test.after(async () => {
  await lab.stop();
  rmSync(pinDir, { recursive: true, force: true });
});

test('detaching leaves nothing: no attachment, no pin', async () => {
  assert.is(attached(CGROUP_INGRESS), 0);
  const meter = openEbpfMeter(options);
  assert.is(lab.follow(meter), undefined);
  assert.is(attached(CGROUP_INGRESS), 1);
  assert.is(attached(CGROUP_EGRESS), 1);
  const objects = pinnedObjects(pinDir);
  assert.is(objects.filter(({ kind }) => kind === 'link').length, 5);
  assert.is(objects.filter(({ kind }) => kind === 'program').length, 3);
  assert.is(objects.filter(({ kind }) => kind === 'map').length, 9);
  meter.detach(0);
  assert.is(attached(CGROUP_INGRESS), 0);
  assert.is(attached(CGROUP_EGRESS), 0);
  assert.not(existsSync(pinDir));
  for (const object of objects) await gone(object);
});

test('the last sample has what came until the end', async () => {
  const meter = openEbpfMeter(options);
  const cgroup = newCgroup();
  const before = lab.count();
  await download(cgroup.path, MB);
  await lab.quiet();
  const { changed } = meter.detach(0);
  assertReceived(difference(lab.count(), before), sumOf(changed, cgroup.id, 'rx'));
});

test('closing leaves it counting, and the next one goes on from there', async () => {
  const first = openEbpfMeter(options);
  const cgroup = newCgroup();
  const before = lab.count();
  await download(cgroup.path, MB);
  first.close();
  first.close();
  await download(cgroup.path, 2 * MB);
  await withMeter({}, async (second) => {
    assert.is(second.epoch, first.epoch);
    assert.equal(second.inherited, []);
    await download(cgroup.path, MB);
    await lab.quiet();
    second.sample(0);
    assertReceived(difference(lab.count(), before), counted(second, cgroup.id, 'rx'));
  });
});

test('a process that is killed during a download loses nothing', async () => {
  const cgroup = newCgroup();
  const before = lab.count();
  const epochs = new Set<string | undefined>();
  lab.slowDown('200mbit');
  const downloading = download(cgroup.path, 80 * MB);
  for (let i = 0; i < 4; i++) {
    const { child, said } = await hold();
    epochs.add(said.epoch);
    await kill(child);
  }
  await downloading;
  lab.slowDown(undefined);
  await download(cgroup.path, MB);
  await lab.quiet();
  await withMeter({}, (meter) => {
    epochs.add(meter.epoch);
    assert.is(epochs.size, 1);
    meter.sample(0);
    const link = difference(lab.count(), before);
    const { bytes, packets } = counted(meter, cgroup.id, 'rx');
    // The download had begun before the first of them counted.
    assert.ok(bytes <= link.rxBytes && packets <= link.rxPackets);
    assert.ok(bytes > MB);
  });
});

test('what a killed process had counted is there to the byte', async () => {
  const { child, said } = await hold();
  const cgroup = newCgroup();
  const before = lab.count();
  const downloading = download(cgroup.path, 60 * MB);
  await kill(child);
  await downloading;
  await lab.quiet();
  await withMeter({}, (meter) => {
    assert.is(meter.epoch, said.epoch);
    meter.sample(0);
    assertReceived(difference(lab.count(), before), counted(meter, cgroup.id, 'rx'));
  });
});

test('two at once are refused, and the first one goes on', async () => {
  const { child, said } = await hold();
  try {
    assert.throws(
      () => openEbpfMeter(options),
      (error: { code: string; message: string }) =>
        error.code === 'daemon-already-running' && error.message.includes(pinDir),
    );
    const probe = probeEbpf(options);
    assert.ok(probe.ok && probe.running);
  } finally {
    await kill(child);
  }
  await withMeter({}, (meter) => assert.is(meter.epoch, said.epoch));
});

test('versions replace each other during a download, and no packet is lost or counted twice', async () => {
  const cgroup = newCgroup();
  const parts: Sums[] = [];
  const epochs = new Set<string>();
  let meter = openEbpfMeter({ ...options, version: 'v0' });
  const before = lab.count();
  lab.slowDown('200mbit');
  const downloading = download(cgroup.path, 50 * MB);
  for (let i = 1; i <= 6; i++) {
    await sleep(300);
    epochs.add(meter.epoch);
    const { epoch } = meter;
    meter.close();
    meter = openEbpfMeter({ ...options, version: `v${i}` });
    assert.is(meter.inherited.length, 1);
    assert.is(meter.inherited[0]!.epoch, epoch);
    parts.push(sumOf(meter.inherited[0]!.counters, cgroup.id, 'rx'));
    meter.releaseInherited();
  }
  await downloading;
  lab.slowDown(undefined);
  await lab.quiet();
  meter.sample(0);
  parts.push(counted(meter, cgroup.id, 'rx'));
  assert.is(epochs.size, 6);
  assert.ok(parts.filter(({ bytes }) => bytes > 0).length > 1, 'some replacements fell into the download');
  assertReceived(difference(lab.count(), before), ...parts);
  meter.detach(0);
});

test('inherited counters are handed over until they are released', async () => {
  const cgroup = newCgroup();
  const old = openEbpfMeter({ ...options, version: 'v0' });
  await download(cgroup.path, MB);
  await lab.quiet();
  old.sample(0);
  const counts = counted(old, cgroup.id, 'rx');
  const name = lab.makeAndRemove(`${cgroup.path}/short`);
  old.close();
  const crashed = openEbpfMeter(options);
  assert.equal(sumOf(crashed.inherited[0]!.counters, cgroup.id, 'rx'), counts);
  crashed.close();
  const next = openEbpfMeter(options);
  assert.is(next.epoch, crashed.epoch);
  assert.equal(sumOf(next.inherited[0]!.counters, cgroup.id, 'rx'), counts);
  assert.is(next.cgroupPath(name), `${cgroup.path}/short`);
  next.releaseInherited();
  assert.is(next.cgroupPath(123_456_789), undefined);
  next.close();
  await withMeter({}, (last) => assert.equal(last.inherited, []));
});

test('another size of the maps is another generation', async () => {
  openEbpfMeter(options).close();
  await withMeter({ maxFlows: 1000 }, (meter) => assert.is(meter.inherited.length, 1));
});

test('what a later version left is not touched, what was left half made is removed', async () => {
  const later = join(pinDir, '9-abc-0123456789abcdef');
  const half = join(pinDir, '1-abc-0123456789abcdef');
  mkdirSync(later, { recursive: true });
  mkdirSync(half);
  const meter = openEbpfMeter(options);
  assert.equal(meter.unreadable, [later]);
  assert.not(existsSync(half));
  meter.detach(0);
  assert.equal(readdirSync(pinDir), ['9-abc-0123456789abcdef']);
  rmdirSync(later);
  rmdirSync(pinDir);
});

test('a missing BPF file system is mounted; on a read-only one it counts without pins', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-bpffs-'));
  const elsewhere = { ...options, pinDir: join(directory, 'netmeter') };
  const before = probeEbpf(elsewhere);
  assert.ok(before.ok && !before.pinning.ok && before.pinning.code === 'bpffs-unavailable');
  try {
    const pinned = openEbpfMeter(elsewhere);
    assert.equal(pinned.pinning, { ok: true, mountedNow: true });
    pinned.detach(0);
    mount('bpf', directory, 'bpf', MS_REMOUNT | MS_RDONLY);
    const unpinned = openEbpfMeter(elsewhere);
    assert.equal(unpinned.pinning, {
      ok: false,
      code: 'bpffs-read-only',
      because: `${directory} is read-only`,
      fix: `mount -o remount,rw ${directory}`,
    });
    const probe = probeEbpf(elsewhere);
    assert.ok(probe.ok && !probe.pinning.ok && probe.pinning.code === 'bpffs-read-only');
    const cgroup = newCgroup();
    const counts = lab.count();
    await download(cgroup.path, MB);
    await lab.quiet();
    unpinned.sample(0);
    assertReceived(difference(lab.count(), counts), counted(unpinned, cgroup.id, 'rx'));
    unpinned.close();
    assert.is(attached(CGROUP_INGRESS), 0);
  } finally {
    unmount(directory);
    rmSync(directory, { recursive: true });
  }
});

test("a directory that is somebody else's is not pinned in", async () => {
  const directory = mkdtempSync(join(tmpdir(), 'netmeter-bpffs-'));
  const foreign = join(directory, 'netmeter');
  mount('bpf', directory, 'bpf');
  try {
    mkdirSync(foreign);
    chownSync(foreign, 65_534, 65_534);
    const meter = openEbpfMeter({ ...options, pinDir: foreign });
    assert.ok(!meter.pinning.ok && meter.pinning.because.includes('somebody else'));
    meter.close();
  } finally {
    unmount(directory);
    rmSync(directory, { recursive: true });
  }
});

test('without permission the error says what to do', async () => {
  const { child, said } = await hold({ pinDir: `${pinDir}-nobody` }, 65_534);
  await kill(child);
  assert.is(said.code, 'permission-denied');
  assert.match(said.hint ?? '', /root/);
  assert.not(existsSync(`${pinDir}-nobody`));
});

test('the capabilities of the service are enough', async () => {
  const { child, said } = await hold({ pinDir: `${pinDir}-capabilities` }, undefined, CAPABILITIES);
  try {
    assert.type(said.epoch, 'string');
  } finally {
    await kill(child);
  }
  await withMeter({ pinDir: `${pinDir}-capabilities` }, ({ epoch, namesMissing }) => {
    assert.is(epoch, said.epoch);
    assert.is(namesMissing, undefined);
  });
});

test('programs on uplinks follow what they are told, and survive what vanishes', async () => {
  await withMeter({}, (meter) => {
    const pins = (): string[] => readdirSync(pinDir).filter((name) => name.startsWith('link_'));
    const follow = (...ifindexes: number[]): string | undefined =>
      inNetworkNamespace(`/run/netns/${lab.near}`, () => meter.setLinks(ifindexes));
    const up0 = lab.ifindex(lab.near, 'up0');
    ip('-n', lab.near, 'link', 'add', 'gone0', 'type', 'veth', 'peer', 'name', 'gone1');
    const gone0 = lab.ifindex(lab.near, 'gone0');
    assert.is(follow(up0, gone0), undefined);
    assert.is(pins().length, 4);
    ip('-n', lab.near, 'link', 'del', 'gone0');
    assert.is(follow(up0, gone0), undefined);
    assert.is(pins().length, 2);
    assert.is(follow(), undefined);
    assert.equal(pins(), []);
  });
});

test('without namespaces told apart it counts the same bytes', async () => {
  await withMeter({ netns: false }, async (meter) => {
    assert.is(meter.netnsKnown, false);
    const cgroup = newCgroup();
    const before = lab.count();
    await download(cgroup.path, MB);
    await lab.quiet();
    meter.sample(0);
    assertReceived(difference(lab.count(), before), counted(meter, cgroup.id, 'rx'));
    assert.ok(meter.flows.every(({ netns }) => netns === 0));
  });
});

test('without cgroup2 the error says how to mount it', () => {
  const procRoot = mkdtempSync(join(tmpdir(), 'netmeter-proc-'));
  mkdirSync(join(procRoot, 'self'));
  writeFileSync(join(procRoot, 'self/mountinfo'), '22 1 0:5 / /proc rw - proc proc rw\n');
  try {
    const isMissing = (error: { code: string; hint: string }): boolean =>
      error.code === 'cgroup2-missing' && error.hint.startsWith('mount -t cgroup2');
    assert.throws(() => openEbpfMeter({ pinDir, procRoot }), isMissing);
    const probe = probeEbpf({ pinDir, procRoot });
    assert.ok(!probe.ok && probe.code === 'cgroup2-missing');
  } finally {
    rmSync(procRoot, { recursive: true });
  }
});

test('without tracefs it counts all the same, and says what is missing', async () => {
  const procRoot = mkdtempSync(join(tmpdir(), 'netmeter-proc-'));
  mkdirSync(join(procRoot, 'self'));
  mkdirSync(join(procRoot, 'sys/kernel/random'), { recursive: true });
  writeFileSync(join(procRoot, 'sys/kernel/random/boot_id'), 'boot\n');
  writeFileSync(join(procRoot, 'self/mountinfo'), `30 1 0:6 / ${root} rw - cgroup2 cgroup2 rw\n`);
  try {
    await withMeter({ procRoot }, async (meter) => {
      assert.match(meter.namesMissing ?? '', /tracefs is not mounted/);
      const cgroup = newCgroup();
      await download(cgroup.path, MB);
      meter.sample(0);
      assert.ok(counted(meter, cgroup.id, 'rx').bytes > MB);
    });
  } finally {
    rmSync(procRoot, { recursive: true });
  }
});

test('the probe finds what works here', () => {
  const probe = probeEbpf({ ...options, pinDir: `${pinDir}-probe` });
  assert.ok(probe.ok);
  assert.is(probe.running, false);
  assert.ok(probe.pinning.ok);
  assert.not(existsSync(`${pinDir}-probe`));
});

test('MTUs are told by namespace and interface', async () => {
  await withMeter({}, async (meter) => {
    const cgroup = newCgroup();
    const send = async (): Promise<Sums & { link: LinkCount }> => {
      const before = lab.count();
      meter.sample(0);
      const { bytes, packets } = counted(meter, cgroup.id, 'tx');
      const receiver = await lab.peer(lab.far, server, 'udp-receive', FAR.v4, 8101, 10 * 1450);
      const sending = ['udp-send', FAR.v4, 8101, 10, 1450, 'fragment'];
      await lab.finish(await lab.peer(lab.near, cgroup.path, ...sending));
      await lab.finish(receiver);
      meter.sample(0);
      const now = counted(meter, cgroup.id, 'tx');
      const link = difference(lab.count(), before);
      return { bytes: now.bytes - bytes, packets: now.packets - packets, link };
    };
    lab.setMtu(1400);
    try {
      const up0 = { netns: lab.cookie(lab.near), ifindex: lab.ifindex(lab.near, 'up0') };
      meter.setMtus(1500, [{ ...up0, mtu: 1400 }]);
      const told = await send();
      assert.is(told.link.txPackets, 20);
      assert.is(told.packets, 20);
      assert.is(told.bytes, told.link.txBytes - told.link.txPackets * TX_HEADER);
      meter.setMtus(1400, []);
      assert.is((await send()).packets, 20);
      meter.setMtus(1500, [{ ...up0, netns: up0.netns + 1_000_000, mtu: 1400 }]);
      assert.is((await send()).packets, 10, 'another namespace has nothing to say here');
    } finally {
      lab.setMtu(1500);
    }
  });
});

test.run();
