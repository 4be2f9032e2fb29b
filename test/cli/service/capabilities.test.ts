import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { askDaemon } from '../../../cli/client/ask-daemon.js';
import type { SERVICE_CAPABILITIES } from '../../../cli/service/unit.js';
import { bundled, type DaemonProcess, startDaemon } from '../../daemon/lifecycle/daemon-process.js';
import { askAs, temporaryDir } from '../../daemon/server/harness.js';
import { asService, CGROUP_ROOT, runPrivileged, type ServiceRights } from './as-service.js';

type Capability = (typeof SERVICE_CAPABILITIES)[number];

/** Bits 2, 12, 19, 38 and 39 of include/uapi/linux/capability.h. */
const MASK = '000000c000081004';
const ALICE = 54_321;

let dir = '';
const daemons: DaemonProcess[] = [];
const others: ChildProcess[] = [];

test.before.each(() => {
  dir = temporaryDir();
});

test.after.each(async () => {
  for (const { child, exited } of daemons.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  for (const other of others.splice(0)) other.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

async function startService(rights: ServiceRights, args: string[] = []): Promise<DaemonProcess> {
  const wrapper = asService(rights);
  const daemon = startDaemon(`${dir}/state`, { wrapper, args, program: bundled('daemon/main.ts') });
  daemons.push(daemon);
  await daemon.says('listens on');
  return daemon;
}

test("the daemon meters exactly with the unit's capabilities, and stops in order", async () => {
  const daemon = await startService({});
  const status = readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8');
  for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.match(status, `${set}:\t${MASK}`);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  const { result } = await askDaemon([daemon.place], 'status', {});
  assert.is(result.tiers.meter, 'exact');
  assert.equal((await askDaemon([daemon.place], 'stop', {})).result.problems, []);
  assert.equal(await daemon.exited, { code: 0, signal: null });
});

for (const without of ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_PERFMON'] as const satisfies Capability[]) {
  test(`without ${without} it does not`, async () => {
    const daemon = await startService({ without });
    const { result } = await askDaemon([daemon.place], 'status', {});
    assert.is.not(result.tiers.meter, 'exact');
  });
}

test('it gives its socket to a group it is in, and moves a member to a cgroup and back', async () => {
  runPrivileged('ExecStartPre');
  const daemon = await startService({ groups: [ALICE] }, ['--invoking-user', `${ALICE}:${ALICE}`]);
  assert.is(statSync(daemon.place.socket).gid, ALICE);
  const ask = async (type: string, params: string): Promise<Record<string, unknown>> => {
    const body = `{"version":1,"id":1,"type":"${type}","params":${params}}`;
    const reply = JSON.parse(await askAs(ALICE, ALICE, [], daemon.place.socket, body));
    assert.is(reply.ok, true, JSON.stringify(reply));
    return reply.result;
  };
  // The process that asks is the one to move.
  const begun = await ask('run-begin', '{"command":["x"],"pid":PID}');
  assert.match(String(begun.cgroupPath), /^\/netmeter\/run-/);
  const ended = await ask('run-end', `{"runId":"${begun.runId}","pid":PID,"final":true}`);
  assert.is(ended.remainingProcesses, 0);
  await askDaemon([daemon.place], 'stop', {});
  await daemon.exited;
  runPrivileged('ExecStopPost');
  assert.is(existsSync(`${CGROUP_ROOT}/netmeter`), false);
});

/** What a program of the service's may do with others' things: the words it prints. */
function asServiceRuns(without: Capability | undefined, script: string, argument: string): string {
  const [program = '', ...args] = asService(without === undefined ? {} : { without });
  const source = `try { ${script}; console.log('done') } catch (error) { console.log(error.code) }`;
  return execFileSync(program, [...args, process.execPath, '-e', source, argument], {
    encoding: 'utf8',
  }).trim();
}

test("namespaces of others' processes take CAP_SYS_PTRACE", async () => {
  const args = [
    '--reuid',
    String(ALICE),
    '--regid',
    String(ALICE),
    '--clear-groups',
    'sh',
    '-c',
    'echo up; exec sleep 1000',
  ];
  const other = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  others.push(other);
  await new Promise((resolve) => other.stdout.once('data', resolve));
  const script = "require('node:fs').readlinkSync('/proc/' + process.argv[1] + '/ns/net')";
  assert.is(asServiceRuns(undefined, script, String(other.pid)), 'done');
  assert.is(asServiceRuns('CAP_SYS_PTRACE', script, String(other.pid)), 'EACCES');
});

test("others' private directories take CAP_DAC_READ_SEARCH, and nothing is written there", async () => {
  const path = `${dir}/private`;
  mkdirSync(path);
  chownSync(path, ALICE, ALICE);
  chmodSync(path, 0o700);
  const read = "require('node:fs').readdirSync(process.argv[1])";
  assert.is(asServiceRuns(undefined, read, path), 'done');
  assert.is(asServiceRuns('CAP_DAC_READ_SEARCH', read, path), 'EACCES');
  const write = "require('node:fs').writeFileSync(process.argv[1] + '/file', '')";
  assert.is(asServiceRuns(undefined, write, path), 'EACCES');
});

test.run();
