import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findEngine } from '../../../../daemon/observe/docker/engine-processes.js';
import { listeningInode, wouldWakeEngine } from '../../../../daemon/observe/docker/listening-socket.js';
import { listProcesses, readProcess } from '../../../../daemon/observe/docker/processes.js';

const test = suite<{ proc: FakeProc }>('engine processes');
const SOCKET = '/run/netmeter-test/docker.sock';

/** A process table that the test writes. */
class FakeProc {
  readonly root = mkdtempSync(join(tmpdir(), 'netmeter-proc-'));

  add(
    pid: number,
    comm: string,
    { parent = 1, cgroup = '/', sockets = [] as number[], ticks = 500 } = {},
  ): void {
    const folder = join(this.root, String(pid));
    mkdirSync(join(folder, 'fd'), { recursive: true });
    const after = ['S', parent, ...Array(17).fill(0), ticks, 0, 0];
    writeFileSync(join(folder, 'stat'), `${pid} (${comm}) ${after.join(' ')}\n`);
    writeFileSync(join(folder, 'cgroup'), `1:name=systemd:/\n0::${cgroup}\n`);
    for (const [fd, inode] of sockets.entries())
      symlinkSync(`socket:[${inode}]`, join(folder, 'fd', String(fd)));
  }

  listening(...sockets: [path: string, inode: number][]): void {
    const rows = sockets.map(([path, inode]) => `0: 00000002 00000000 00010000 0001 01 ${inode} ${path}`);
    const connected = `0: 00000003 00000000 00000000 0001 03 1 ${SOCKET}`;
    mkdirSync(join(this.root, 'net'), { recursive: true });
    const header = 'Num RefCount Protocol Flags Type St Inode Path';
    writeFileSync(join(this.root, 'net/unix'), [header, connected, '0: 2 0 0 1 1 9', ...rows, ''].join('\n'));
  }
}

test.before.each((context) => {
  context.proc = new FakeProc();
});

test.after.each(({ proc }) => {
  rmSync(proc.root, { recursive: true, force: true });
});

test('an engine of its own, with its containerd', ({ proc }) => {
  proc.add(1, 'systemd');
  proc.add(40, 'dockerd', { cgroup: '/engine', ticks: 7000 });
  proc.add(41, 'containerd', { parent: 40, cgroup: '/engine' });
  proc.add(42, 'containerd', { cgroup: '/system.slice/containerd.service' });
  assert.equal(findEngine(proc.root, SOCKET, 40), {
    processes: [
      { pid: 40, role: 'engine', comm: 'dockerd', cgroupPath: '/engine' },
      { pid: 41, role: 'containerd', comm: 'containerd', cgroupPath: '/engine' },
    ],
    pid: 40,
    identity: '40:7000',
  });
});

test('a socket that systemd handed over: the engine is looked for', ({ proc }) => {
  proc.add(1, 'systemd', { sockets: [700] });
  proc.add(40, 'dockerd', { cgroup: '/system.slice/docker.service', sockets: [700] });
  proc.add(41, 'containerd', { cgroup: '/system.slice/containerd.service' });
  proc.add(50, 'dockerd', { cgroup: `/docker/${'ab'.repeat(32)}` });
  proc.add(51, 'containerd', { parent: 50, cgroup: `/docker/${'ab'.repeat(32)}` });
  const { processes } = findEngine(proc.root, SOCKET, 1);
  assert.equal(
    processes.map(({ pid, cgroupPath }) => [pid, cgroupPath]),
    [
      [40, '/system.slice/docker.service'],
      [41, '/system.slice/containerd.service'],
    ],
  );
});

test('two engines behind systemd: the one that holds the socket', ({ proc }) => {
  proc.add(1, 'systemd', { sockets: [700, 701] });
  proc.add(40, 'dockerd', { sockets: [701] });
  proc.add(41, 'dockerd', { sockets: [5, 700] });
  proc.listening(['/elsewhere.sock', 701], [SOCKET, 700]);
  assert.is(findEngine(proc.root, SOCKET, 1).pid, 41);
});

test('another maker’s engine is the one that listens', ({ proc }) => {
  proc.add(40, 'dockerd');
  proc.add(60, 'podman', { cgroup: '/user' });
  assert.equal(findEngine(proc.root, SOCKET, 60).processes, [
    { pid: 60, role: 'engine', comm: 'podman', cgroupPath: '/user' },
  ]);
});

test('no engine in sight', ({ proc }) => {
  proc.add(1, 'systemd');
  assert.equal(findEngine(proc.root, SOCKET, 1), { processes: [], pid: undefined, identity: undefined });
  assert.is(findEngine(proc.root, undefined, undefined).pid, undefined);
});

test('an engine on TCP only is found by its name', ({ proc }) => {
  proc.add(40, 'dockerd');
  assert.is(findEngine(proc.root, undefined, undefined).pid, 40);
});

test('buildkitd beside the engine belongs to it', ({ proc }) => {
  proc.add(40, 'dockerd');
  proc.add(45, 'buildkitd', { cgroup: '/system.slice/buildkit.service' });
  assert.equal(
    findEngine(proc.root, SOCKET, 40).processes.map(({ role }) => role),
    ['engine', 'buildkitd'],
  );
});

test('a restarted engine has another identity, even under the same pid', ({ proc }) => {
  proc.add(40, 'dockerd', { ticks: 1 });
  const before = findEngine(proc.root, SOCKET, 40).identity;
  proc.add(40, 'dockerd', { ticks: 2 });
  assert.is.not(findEngine(proc.root, SOCKET, 40).identity, before);
});

test('names with parentheses and spaces', ({ proc }) => {
  proc.add(9, 'a) b (c', { parent: 3, ticks: 77 });
  assert.equal(readProcess(proc.root, 9), { pid: 9, parent: 3, comm: 'a) b (c', startTicks: 77 });
  assert.is(readProcess(proc.root, 10), undefined);
  assert.equal(
    listProcesses(proc.root).map(({ pid }) => pid),
    [9],
  );
});

test('connecting would wake an engine that systemd waits for', ({ proc }) => {
  proc.add(1, 'systemd', { sockets: [700] });
  proc.listening([SOCKET, 700]);
  assert.is(listeningInode(proc.root, SOCKET), 700);
  assert.is(wouldWakeEngine(proc.root, SOCKET), true);
  proc.add(40, 'dockerd', { sockets: [700] });
  assert.is(wouldWakeEngine(proc.root, SOCKET), false);
});

test('connecting wakes nobody where the engine listens itself, or nobody does', ({ proc }) => {
  proc.add(1, 'systemd', { sockets: [5] });
  proc.listening([SOCKET, 700]);
  assert.is(wouldWakeEngine(proc.root, SOCKET), false);
  assert.is(wouldWakeEngine(proc.root, '/nobody.sock'), false);
  assert.is(wouldWakeEngine('/nowhere', SOCKET), false);
});

test('this very process, in the real table', () => {
  const self = readProcess('/proc', process.pid)!;
  assert.is(self.parent, process.ppid);
  assert.ok(self.startTicks > 0);
  assert.ok(listProcesses('/proc').some(({ pid }) => pid === process.pid));
});

test.run();
