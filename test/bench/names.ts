// What hearing names costs: the kernel's account of its programs while traffic passes, with the programs that hear and
// the time that reading what they handed over takes. Needs root. `node --import tsx test/bench/names.ts [megabytes]`
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { findCgroupMount } from '../../daemon/meter/ebpf/cgroup-mount.js';
import { HeardQueue } from '../../daemon/observe/names/heard-queue.js';

const MEGABYTES = Number(process.argv[2] ?? 200);
const EMPTY_READS = 100_000;
const STATS_SWITCH = '/proc/sys/kernel/bpf_stats_enabled';

const before = readFileSync(STATS_SWITCH, 'utf8');
const queue = HeardQueue.open(findCgroupMount()!.path);
try {
  writeFileSync(STATS_SWITCH, '1');
  await move(MEGABYTES * 1e6);
  const [ingress, egress] = queue.cost();
  for (const [name, cost] of [
    ['received', ingress!],
    ['sent', egress!],
  ] as const) {
    console.log(`${name}: ${(cost.nanoseconds / cost.runs).toFixed(0)} ns a packet, ${cost.runs} packets`);
  }
  const started = process.cpuUsage();
  for (let i = 0; i < EMPTY_READS; i++) queue.take();
  const { user, system } = process.cpuUsage(started);
  console.log(`finding the queue empty: ${((user + system) / EMPTY_READS).toFixed(2)} µs`);
  console.log(`lost: ${queue.lost()}`);
} finally {
  writeFileSync(STATS_SWITCH, before);
  queue.close();
}
console.log(execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim());

/** Over loopback: every packet is sent and received on this machine, and both programs see it. */
async function move(bytes: number): Promise<void> {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  client.resume();
  const chunk = Buffer.alloc(1e6);
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (!client.write(chunk)) await new Promise((resolve) => client.once('drain', resolve));
  }
  client.end();
  await new Promise((resolve) => client.once('close', resolve));
  server.close();
}
