// What netmeter costs, measured on this machine beside what it is compared with, in the same run. Needs root and
// the lab (scripts/lab/lab up); prints Markdown tables. Throughput is never measured: it varies too much.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  build,
  bytesPath,
  Cleanup,
  docker,
  lab,
  type Netmeter,
  removeContainers,
  run,
  startNetmeter,
} from '../lab/harness/index.js';
import { childrenCpuSeconds, cpuSeconds, median, residentMb } from './processes.js';

const CONTAINERS = 100;
const WATCH_SECONDS = 60;
/** Until a daemon's code is compiled, and containers have told each other that they are there. */
const SETTLE_SECONDS = 30;
const STARTS = 25;
const STATS_SWITCH = '/proc/sys/kernel/bpf_stats_enabled';

type Row = [what: string, figure: string, beside: string];

const cleanup = new Cleanup();
const rows: Row[] = [];
try {
  await startOfCommands();
  await perPacket();
  await idleContainers();
} finally {
  await cleanup.run();
}
console.log(
  `Linux ${release()}, Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})\n`,
);
console.log(table(rows));

/** `netmeter status` beside an empty program, in turn, so that a busy moment meets both. */
async function startOfCommands(): Promise<void> {
  await withNetmeter(async (netmeter) => {
    const times: Record<'status' | 'node', number[]> = { status: [], node: [] };
    const cpu = { status: 0, node: 0 };
    const measure = async (what: 'status' | 'node', work: () => Promise<unknown>) => {
      const before = childrenCpuSeconds(process.pid);
      times[what].push(await timed(work));
      cpu[what] += childrenCpuSeconds(process.pid) - before;
    };
    for (let i = 0; i < STARTS; i++) {
      await measure('status', () => netmeter.run(['status', '--json']));
      await measure('node', () => run(process.execPath, ['-e', '0']));
    }
    const ratios = times.status.map((time, i) => time / (times.node[i] ?? time));
    rows.push([
      '`netmeter status`, whole process (median)',
      `${median(times.status).toFixed(0)} ms`,
      `\`node -e 0\`: ${median(times.node).toFixed(0)} ms; ratio ${median(ratios).toFixed(2)}`,
    ]);
    rows.push([
      'the same, CPU time (mean)',
      `${((1000 * cpu.status) / STARTS).toFixed(0)} ms`,
      `\`node -e 0\`: ${((1000 * cpu.node) / STARTS).toFixed(0)} ms; ratio ${(cpu.status / cpu.node).toFixed(2)}`,
    ]);
  });
}

/** The kernel's own account of its programs while one container downloads. */
async function perPacket(): Promise<void> {
  const before = readFileSync(STATS_SWITCH, 'utf8').trim();
  writeFileSync(STATS_SWITCH, '1');
  cleanup.defer(() => writeFileSync(STATS_SWITCH, before));
  await withNetmeter(async () => {
    const url = lab().origin + bytesPath(200_000_000, 'bench');
    const first = await programCosts();
    await docker('28', ['run', '--rm', 'nm-busybox', 'wget', '-q', '-O', '/dev/null', url]);
    const last = await programCosts();
    const runs = last.runs - first.runs;
    const nanoseconds = (last.nanoseconds - first.nanoseconds) / runs;
    rows.push([
      'kernel programs, 200 MB into a container',
      `${nanoseconds.toFixed(0)} ns per packet as sockets see it`,
      `${runs} such packets, ${(200_000_000 / runs / 1000).toFixed(1)} kB each`,
    ]);
  });
}

/** The daemon, `docker stats` and the engine under it, and a bare Node process, for a minute each. */
async function idleContainers(): Promise<void> {
  const names = Array.from({ length: CONTAINERS }, (_, i) => `bench-${process.pid}-${i}`);
  cleanup.defer(() => removeContainers('28', ...names));
  for (const name of names) await docker('28', ['run', '-d', '--name', name, 'nm-busybox', 'sleep', '3600']);
  const engine = lab().engines.find(({ name }) => name === '28')?.pid ?? 0;

  await withNetmeter(async (netmeter) => {
    const pid = await netmeter.pid();
    await sleep(5000);
    const first = await cpuShare([pid], SETTLE_SECONDS);
    const idle = await cpuShare([pid]);
    rows.push([
      `daemon, ${CONTAINERS} idle containers, 1 s tick`,
      percent(idle),
      `in the ${SETTLE_SECONDS} s before: ${percent(first)}`,
    ]);
    const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await sleep(2000);
    const daemonMb = residentMb(pid);
    const bareMb = residentMb(bare.pid ?? 0);
    bare.kill();
    rows.push([
      'daemon, memory (RSS)',
      `${daemonMb.toFixed(0)} MB`,
      `bare Node process: ${bareMb.toFixed(0)} MB; ${(daemonMb - bareMb).toFixed(0)} MB above it`,
    ]);
    const url = `${lab().origin}/slow/60000000/bench-${process.pid}?rate=1000000`;
    const building = build({
      engine: '28',
      flags: ['--no-cache'],
      dockerfile: `FROM nm-busybox\nRUN wget -q -O /dev/null ${url}\n`,
      timeoutMs: 180_000,
    });
    rows.push([`daemon, the same and one build that downloads 1 MB/s`, percent(await cpuShare([pid])), '']);
    await building;
  });

  const client = lab().engines.find(({ name }) => name === '28')?.client ?? 'docker';
  const withoutStats = await cpuShare([engine]);
  const stats = spawn(client, ['stats'], { stdio: 'ignore' });
  await sleep(5000);
  const withStats = await cpuShare([engine, stats.pid ?? 0]);
  stats.kill();
  rows.push([
    '`docker stats` on the same containers',
    percent(withStats - withoutStats),
    'its client and what the engine spends more',
  ]);
}

async function withNetmeter(work: (netmeter: Netmeter) => Promise<void>): Promise<void> {
  const own = new Cleanup();
  try {
    await work(await startNetmeter(own));
  } finally {
    await own.run();
  }
}

/** Sums over netmeter's programs that count packets, by bpftool(8). */
async function programCosts(): Promise<{ nanoseconds: number; runs: number }> {
  const { stdout } = await run('bpftool', ['-j', 'prog', 'show']);
  const programs = JSON.parse(stdout) as { type: string; run_time_ns?: number; run_cnt?: number }[];
  const counting = programs.filter(({ type }) => type === 'cgroup_skb');
  return {
    nanoseconds: counting.reduce((sum, program) => sum + (program.run_time_ns ?? 0), 0),
    runs: counting.reduce((sum, program) => sum + (program.run_cnt ?? 0), 0),
  };
}

/** CPU time of processes as a share of one core. */
async function cpuShare(pids: number[], seconds = WATCH_SECONDS): Promise<number> {
  const before = pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  await sleep(seconds * 1000);
  return (pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0) - before) / seconds;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} % of a core`;
}

function table(body: Row[]): string {
  const lines = [['what', 'measured', 'beside it'], ['---', '---', '---'], ...body];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
