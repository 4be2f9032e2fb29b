import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Run, RunCgroups, type RunCgroupsOptions } from '../../../daemon/run-cgroup/run-cgroups.js';
import { mount, unmount } from '../../../daemon/sys/file-systems.js';
import { NetmeterError } from '../../../src/errors.js';
import type { RunUsage } from '../../../src/protocol/messages.js';
import { temporaryDir } from '../server/harness.js';

const MOUNT =
  / \d+:\d+ \S+ (\S+) .*? - cgroup2 /.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1] ?? '';
const PARENT = `/nm-t-runs-${process.pid}`;
const HOME = `/nm-t-home-${process.pid}`;
/** mount(2). */
const MS_RDONLY = 1;
const MS_REMOUNT = 32;
const MS_BIND = 4096;
const ALICE = 54_321;
const MALLORY = 54_322;
const USAGE = { wan: { rxBytes: 1, txBytes: 2 }, tier: 'exact' } as RunUsage;

interface Shell {
  process: ChildProcess;
  pid: number;
  /** A process that the shell started. */
  childPid: number;
}

let dir = '';
let ids = 0;
const shells: Shell[] = [];
const problems: string[] = [];

test.before.each(() => {
  dir = temporaryDir();
  mkdirSync(MOUNT + HOME);
});

test.after.each(async () => {
  for (const shell of shells.splice(0)) await end(shell);
  for (const path of [...leftovers().map((name) => `${PARENT}/${name}`), PARENT, HOME])
    await removeCgroup(path);
  rmSync(dir, { recursive: true, force: true });
  assert.equal(problems.splice(0), []);
});

function leftovers(): string[] {
  if (!existsSync(MOUNT + PARENT)) return [];
  const entries = readdirSync(MOUNT + PARENT, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

function runs(overrides: Partial<RunCgroupsOptions> = {}): RunCgroups {
  return new RunCgroups({
    cgroupRoot: MOUNT,
    parentPath: PARENT,
    procRoot: '/proc',
    runsFile: `${dir}/runs.json`,
    now: () => 1_000_000,
    newId: () => `id${++ids}`,
    usageOf: async () => USAGE,
    wantsProgress: () => false,
    onProblem: (message) => problems.push(message),
    ...overrides,
  });
}

/** A user's shell with a child, both in the cgroup HOME. */
async function shellOf(uid: number): Promise<Shell> {
  const script = 'sleep 1000 & echo $!; wait; read line';
  const args = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups', 'sh', '-c', script];
  const process = spawn('setpriv', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const childPid = await new Promise<number>((resolve) =>
    process.stdout.once('data', (text) => resolve(Number(text))),
  );
  const shell = { process, pid: process.pid ?? 0, childPid };
  shells.push(shell);
  for (const pid of [shell.pid, childPid]) writeFileSync(`${MOUNT}${HOME}/cgroup.procs`, String(pid));
  return shell;
}

async function removeCgroup(path: string): Promise<void> {
  if (!existsSync(MOUNT + path)) return;
  await emptied(path);
  rmdirSync(MOUNT + path);
}

/** Killed processes leave a cgroup a little later than their parents hear of it. */
async function emptied(path: string): Promise<void> {
  while (/populated 1/.test(readFileSync(`${MOUNT}${path}/cgroup.events`, 'utf8'))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function end({ process, childPid }: Shell): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exited = new Promise((resolve) => process.once('exit', resolve));
  killIfAlive(childPid);
  process.kill('SIGKILL');
  await exited;
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function membersOf(path: string): number[] {
  return readFileSync(`${MOUNT}${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
}

function peer({ pid }: Shell, uid = ALICE) {
  return { pid, uid, gid: uid };
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'ok';
  } catch (error) {
    return (error as NetmeterError).code;
  }
}

test('a command gets a cgroup of its own, and the process goes back to where it was', async () => {
  const shell = await shellOf(ALICE);
  const seen: Run[] = [];
  const cgroups = runs({
    usageOf: async (run) => {
      seen.push(run);
      return USAGE;
    },
  });
  cgroups.start();
  const begun = cgroups.begin({ command: ['make', 'all'], pid: shell.childPid }, peer(shell));
  assert.equal(begun.cgroupPath, `${PARENT}/run-${begun.runId}`);
  assert.is(begun.startedAt, '1970-01-01T00:16:40.000Z');
  assert.equal(membersOf(begun.cgroupPath), [shell.childPid]);
  assert.equal(membersOf(HOME), [shell.pid]);
  assert.equal(cgroups.runAt(`${begun.cgroupPath}/inner`)?.command, ['make', 'all']);
  const cgroupId = statSync(MOUNT + begun.cgroupPath).ino;
  const ended = await cgroups.end({ runId: begun.runId, pid: shell.childPid, final: true }, peer(shell));
  assert.equal(ended, {
    ...USAGE,
    runId: begun.runId,
    startedAt: begun.startedAt,
    durationMs: 0,
    remainingProcesses: 0,
  });
  assert.equal(membersOf(HOME).sort(), [shell.pid, shell.childPid].sort());
  assert.is(seen[0]?.cgroupId, cgroupId);
  assert.is(existsSync(MOUNT + PARENT), false);
  assert.is(cgroups.runAt(begun.cgroupPath), undefined);
});

test('only the cgroup2 hierarchy is touched', async () => {
  const shell = await shellOf(ALICE);
  const others = (): string[] =>
    readFileSync(`/proc/${shell.childPid}/cgroup`, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('0::'));
  const before = others();
  const cgroups = runs();
  cgroups.begin({ command: ['x'], pid: shell.childPid }, peer(shell));
  assert.equal(others(), before);
});

test('the asker may leave while the command goes on, and ask again at its end', async () => {
  const shell = await shellOf(ALICE);
  const cgroups = runs();
  const { runId, cgroupPath } = cgroups.begin({ command: ['x'], pid: shell.pid }, peer(shell));
  writeFileSync(`${MOUNT}${cgroupPath}/cgroup.procs`, String(shell.childPid));
  const left = await cgroups.end({ runId, pid: shell.pid, final: false }, peer(shell));
  assert.is(left.remainingProcesses, 1);
  assert.equal(membersOf(HOME), [shell.pid]);
  process.kill(shell.childPid, 'SIGKILL');
  await emptied(cgroupPath);
  cgroups.stop();
  assert.equal(leftovers(), [`run-${runId}`], 'kept for the one who comes back');
  const ended = await cgroups.end({ runId, pid: shell.pid, final: true }, peer(shell));
  assert.is(ended.remainingProcesses, 0);
  assert.is(existsSync(MOUNT + PARENT), false);
});

test('what a command leaves running stays, and its cgroup until then', async () => {
  const shell = await shellOf(ALICE);
  const cgroups = runs();
  const { runId, cgroupPath } = cgroups.begin({ command: ['x'], pid: shell.pid }, peer(shell));
  writeFileSync(`${MOUNT}${cgroupPath}/cgroup.procs`, String(shell.childPid));
  const ended = await cgroups.end({ runId, pid: shell.pid, final: true }, peer(shell));
  assert.is(ended.remainingProcesses, 1);
  assert.equal(leftovers(), [`run-${runId}`]);
  process.kill(shell.childPid, 'SIGKILL');
  await emptied(cgroupPath);
  cgroups.stop();
  assert.is(existsSync(MOUNT + PARENT), false);
});

test("nobody moves others' processes, nor own ones they did not start", async () => {
  const alice = await shellOf(ALICE);
  const mallory = await shellOf(MALLORY);
  const cgroups = runs();
  const begin = (pid: number, shell: Shell, uid: number): string =>
    codeOf(() => cgroups.begin({ command: ['x'], pid }, { pid: shell.pid, uid, gid: uid }));
  assert.is(begin(alice.pid, mallory, MALLORY), 'permission-denied');
  assert.is(begin(1, mallory, MALLORY), 'permission-denied');
  const second = await shellOf(MALLORY);
  assert.is(begin(second.pid, mallory, MALLORY), 'permission-denied');
  assert.is(begin(alice.childPid, { ...alice, pid: process.pid }, MALLORY), 'permission-denied');
  assert.is(begin(0x7fffffff, mallory, MALLORY), 'not-found');
  assert.is(existsSync(MOUNT + PARENT), false);
  assert.equal(membersOf(HOME).length, 6);
});

test("nobody ends another's run", async () => {
  const alice = await shellOf(ALICE);
  const mallory = await shellOf(MALLORY);
  const cgroups = runs();
  const { runId, cgroupPath } = cgroups.begin({ command: ['x'], pid: alice.pid }, peer(alice));
  const attempt = cgroups.end({ runId, pid: alice.pid, final: true }, peer(mallory, MALLORY));
  assert.is(await attempt.catch((error: NetmeterError) => error.code), 'not-found');
  assert.is(
    codeOf(() => cgroups.own(runId, peer(mallory, MALLORY))),
    'not-found',
  );
  assert.is(cgroups.own(runId, peer(alice)).id, runId);
  assert.is(cgroups.isUnderWay(runId), true);
  assert.equal(membersOf(cgroupPath), [alice.pid]);
  await cgroups.end({ runId, pid: mallory.pid, final: true }, peer(alice));
  assert.ok(membersOf(HOME).includes(mallory.pid), 'a process outside the run is not touched');
});

test('a daemon that was killed finds its runs again, and removes the dead ones', async () => {
  const alive = await shellOf(ALICE);
  const dead = await shellOf(ALICE);
  const first = runs();
  const kept = first.begin({ command: ['alive'], pid: alive.pid }, peer(alive));
  const lost = first.begin({ command: ['dead'], pid: dead.pid }, peer(dead));
  await end(dead);
  await emptied(lost.cgroupPath);
  const second = runs();
  second.start();
  assert.equal(leftovers(), [`run-${kept.runId}`]);
  assert.equal(second.runAt(kept.cgroupPath)?.command, ['alive']);
  assert.is(second.runAt(lost.cgroupPath), undefined);
  await second.end({ runId: kept.runId, pid: alive.pid, final: true }, peer(alive));
  assert.ok(membersOf(HOME).includes(alive.pid));
});

test('a cgroup with the name of a run but of another one, and a damaged file', async () => {
  const shell = await shellOf(ALICE);
  const { runId, cgroupPath } = runs().begin({ command: ['x'], pid: shell.pid }, peer(shell));
  await end(shell);
  await emptied(cgroupPath);
  rmdirSync(MOUNT + cgroupPath);
  mkdirSync(MOUNT + cgroupPath);
  const second = runs();
  second.start();
  assert.is(second.runAt(cgroupPath), undefined);
  writeFileSync(`${dir}/runs.json`, '[{"id":');
  runs().start();
  assert.is(
    (await second.end({ runId, pid: 1, final: true }, peer(shell)).catch((error) => error)).code,
    'not-found',
  );
});

test('where the place it came from is gone, a process stays, and that is told', async () => {
  const shell = await shellOf(ALICE);
  const own = `${HOME}/own`;
  mkdirSync(MOUNT + own);
  writeFileSync(`${MOUNT}${own}/cgroup.procs`, String(shell.childPid));
  const cgroups = runs();
  const { runId } = cgroups.begin({ command: ['x'], pid: shell.childPid }, peer(shell));
  rmdirSync(MOUNT + own);
  const ended = await cgroups.end({ runId, pid: shell.childPid, final: true }, peer(shell));
  assert.is(ended.remainingProcesses, 1);
  assert.match(problems.splice(0).join(), `cannot go back to ${own}`);
});

test('where nothing is counted by cgroup, the reason is told', async () => {
  const shell = await shellOf(ALICE);
  const refusal = new NetmeterError('cgroup2-missing', 'cgroup2 is not mounted');
  const begin = (): unknown =>
    runs({ cgroupRoot: undefined, refusal }).begin({ command: ['x'], pid: shell.pid }, peer(shell));
  assert.is(codeOf(begin), 'cgroup2-missing');
});

test('where the daemon may not make cgroups', async () => {
  const shell = await shellOf(ALICE);
  const readOnly = `${dir}/cgroup`;
  mkdirSync(readOnly);
  mount(MOUNT, readOnly, 'none', MS_BIND);
  try {
    mount('none', readOnly, 'none', MS_BIND | MS_REMOUNT | MS_RDONLY);
    const begin = (): unknown =>
      runs({ cgroupRoot: readOnly }).begin({ command: ['x'], pid: shell.pid }, peer(shell));
    assert.is(codeOf(begin), 'permission-denied');
  } finally {
    unmount(readOnly);
  }
});

test('a command as long as its user likes is remembered up to a bound', async () => {
  const shell = await shellOf(ALICE);
  const cgroups = runs();
  const command = ['x'.repeat(3000), 'y'.repeat(3000), 'z'];
  const { cgroupPath } = cgroups.begin({ command, pid: shell.pid }, peer(shell));
  assert.is(cgroups.runAt(cgroupPath)?.command.join(' ').length, 4096);
});

test.run();
