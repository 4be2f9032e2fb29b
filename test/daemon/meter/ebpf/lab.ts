/**
 * Two network namespaces with a veth pair between them, processes in cgroups of their own, and the
 * interface's counters, which are what the meter is compared with.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findCgroupMount } from '../../../../daemon/meter/ebpf/cgroup-mount.js';
import type { EbpfMeter, FlowCounter } from '../../../../daemon/meter/ebpf/ebpf-meter.js';
import { inNetworkNamespace } from '../../../../daemon/sys/network-namespace.js';
import { netnsCookie } from '../../../../daemon/sys/socket-options.js';

/** Addresses of the two ends; nothing outside the two namespaces knows them. */
export const NEAR = { v4: '198.51.100.33', v6: 'fd00:6e6d:74::1' };
export const FAR = { v4: '198.51.100.34', v6: 'fd00:6e6d:74::2' };

export interface LinkCount {
  rxBytes: number;
  rxPackets: number;
  txBytes: number;
  txPackets: number;
}

export interface Sums {
  bytes: number;
  packets: number;
}

const peer = fileURLToPath(new URL('./peer.py', import.meta.url));
const cgroupRoot = findCgroupMount()?.path ?? '/sys/fs/cgroup';
let labs = 0;

export interface LabOptions {
  /** Merge received TCP segments at the near end, as a laptop does. */
  gro?: boolean;
  mtu?: number;
}

/** One lab: the near end is metered, the far end serves. */
export class Lab {
  readonly #id = `nm-t-${process.pid}-${++labs}`;
  readonly near = `${this.#id}-n`;
  readonly far = `${this.#id}-f`;
  readonly #cgroups = new Set<string>();
  readonly #children = new Set<ChildProcess>();

  async start(options: LabOptions = {}): Promise<void> {
    const { mtu = 1500, gro = true } = options;
    ip('netns', 'add', this.near);
    ip('netns', 'add', this.far);
    ip('-n', this.near, 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.far);
    this.#prepare(this.near, 'up0', NEAR, mtu);
    this.#prepare(this.far, 'eth0', FAR, mtu);
    offload(this.near, 'up0', { gro });
    offload(this.far, 'eth0', { gro: false });
    this.#introduce();
    await this.quiet();
  }

  async stop(): Promise<void> {
    for (const child of this.#children) await this.end(child);
    for (const namespace of [this.near, this.far]) ip('netns', 'del', namespace);
    for (const path of [...this.#cgroups].reverse()) await removeCgroup(path);
  }

  /** Makes a cgroup below the root. @returns its path below the mount and its id */
  cgroup(name: string): { path: string; id: number } {
    const path = `/${this.#id}-${name}`;
    mkdirSync(cgroupRoot + path, { recursive: true });
    this.#cgroups.add(cgroupRoot + path);
    return { path, id: statSync(cgroupRoot + path).ino };
  }

  /** The directory of a cgroup made by {@link cgroup}. */
  cgroupDirectory(path: string): string {
    return cgroupRoot + path;
  }

  /** Starts a peer in a namespace and a cgroup, and waits until it is ready. */
  async peer(namespace: string, cgroup: string, ...args: (string | number)[]): Promise<ChildProcess> {
    const script = 'echo $$ > "$1/cgroup.procs" && shift && exec ip netns exec "$@"';
    const command = [cgroupRoot + cgroup, namespace, '/usr/bin/python3', peer, ...args.map(String)];
    const child = spawn('sh', ['-c', script, 'sh', ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.add(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', (code) =>
        reject(new Error(`${args.join(' ')} exited with ${code} and was not ready`)),
      );
    });
    return child;
  }

  /** Waits for a peer to finish its work. */
  async finish(child: ChildProcess): Promise<void> {
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
    this.#children.delete(child);
    if (child.exitCode !== 0) throw new Error(`a peer exited with ${child.exitCode}`);
  }

  async end(child: ChildProcess): Promise<void> {
    this.#children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** The near interface's own counters. */
  count(): LinkCount {
    return readLink(this.near, 'up0');
  }

  /** Waits until nothing has crossed the link for a while: address set-up, acknowledgements, resets. */
  async quiet(milliseconds = 300): Promise<void> {
    let before = JSON.stringify(this.count());
    for (let still = 0; still < milliseconds; still += 50) {
      await sleep(50);
      const now = JSON.stringify(this.count());
      if (now !== before) still = 0;
      before = now;
    }
  }

  /**
   * Packets that the sockets of a namespace were handed (`in`) or handed down (`out`): merged ones count
   * once, so that the test can tell that there was something to correct.
   */
  handed(namespace: string): { in: number; out: number } {
    const snmp = readIn(namespace, 'net/snmp');
    const snmp6 = readIn(namespace, 'net/snmp6');
    const [names, values] = snmp.split('\n').filter((line) => line.startsWith('Ip:'));
    const v4 = (name: string): number => Number(values?.split(' ')[names?.split(' ').indexOf(name) ?? 0]);
    const v6 = (name: string): number => Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(snmp6)?.[1]);
    return {
      in: v4('InDelivers') + v6('Ip6InDelivers'),
      out: v4('OutRequests') + v6('Ip6OutRequests'),
    };
  }

  /** Tells the meter which interface the lab's uplink is. */
  follow(meter: EbpfMeter): string | undefined {
    const ifindex = this.ifindex(this.near, 'up0');
    return inNetworkNamespace(`/run/netns/${this.near}`, () => meter.setLinks([ifindex]));
  }

  /** Puts a queue and a rate in front of what the far end sends, or takes them away. */
  slowDown(rate: string | undefined): void {
    limit(this.far, 'eth0', rate);
  }

  /** The same for what the near end sends. */
  slowDownNear(rate: string | undefined): void {
    limit(this.near, 'up0', rate);
  }

  /** How large merged IPv6 packets may get at the near end (BIG TCP, Linux 5.19). */
  mergeUpTo(bytes: number): void {
    const sizes = ['gso_max_size', String(bytes), 'gro_max_size', String(bytes)];
    ip('-n', this.near, 'link', 'set', 'up0', ...sizes);
  }

  /** Publishes a port of the near end as another one, as Docker does. @returns what takes that back */
  publish(version: 'v4' | 'v6', port: number, as: number): () => void {
    const rule = [
      'PREROUTING',
      '-p',
      'tcp',
      '--dport',
      String(as),
      '-j',
      'REDIRECT',
      '--to-ports',
      String(port),
    ];
    const table = [version === 'v4' ? 'iptables' : 'ip6tables', '-w', '-t', 'nat'];
    ip('netns', 'exec', this.near, ...table, '-A', ...rule);
    return () => {
      ip('netns', 'exec', this.near, ...table, '-D', ...rule);
    };
  }

  setMtu(mtu: number): void {
    ip('-n', this.near, 'link', 'set', 'up0', 'mtu', String(mtu));
  }

  /** Removes a cgroup before the lab ends. */
  async removeCgroup(path: string): Promise<void> {
    await removeCgroup(cgroupRoot + path);
  }

  /** Makes a cgroup and removes it at once. @returns the id it had */
  makeAndRemove(path: string): number {
    mkdirSync(cgroupRoot + path);
    const id = statSync(cgroupRoot + path).ino;
    rmdirSync(cgroupRoot + path);
    return id;
  }

  cookie(namespace: string): number {
    return inNetworkNamespace(`/run/netns/${namespace}`, netnsCookie) ?? 0;
  }

  ifindex(namespace: string, name: string): number {
    const [link] = JSON.parse(ip('-n', namespace, '-j', 'link', 'show', name)) as { ifindex: number }[];
    return link!.ifindex;
  }

  #prepare(namespace: string, device: string, addresses: typeof NEAR, mtu: number): void {
    // Without a link-local address there are no router solicitations and fewer listener reports.
    sysctl(namespace, `net.ipv6.conf.${device}.addr_gen_mode=1`);
    // Those there are go out at once and not when a test counts packets: some ms instead of a random second.
    sysctl(namespace, `net.ipv6.conf.${device}.mldv2_unsolicited_report_interval=20`);
    sysctl(namespace, `net.ipv6.conf.${device}.mldv1_unsolicited_report_interval=20`);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    ip('-n', namespace, 'link', 'set', device, 'mtu', String(mtu), 'up');
    ip('-n', namespace, 'addr', 'add', `${addresses.v4}/28`, 'brd', '198.51.100.47', 'dev', device);
    ip('-n', namespace, 'addr', 'add', `${addresses.v6}/64`, 'nodad', 'dev', device);
    ip('-n', namespace, 'route', 'add', 'default', 'dev', device);
  }

  /** Tells both ends each other's hardware address: neither ARP nor neighbour discovery is counted. */
  #introduce(): void {
    const ends = [
      { own: this.near, device: 'up0', other: this.far, otherDevice: 'eth0', addresses: FAR },
      { own: this.far, device: 'eth0', other: this.near, otherDevice: 'up0', addresses: NEAR },
    ];
    for (const { own, device, other, otherDevice, addresses } of ends) {
      const [link] = JSON.parse(ip('-n', other, '-j', 'link', 'show', otherDevice)) as { address: string }[];
      for (const address of [addresses.v4, addresses.v6]) {
        ip(
          '-n',
          own,
          'neigh',
          'replace',
          address,
          'lladdr',
          link!.address,
          'dev',
          device,
          'nud',
          'permanent',
        );
      }
    }
  }
}

/** What the meter counted for a cgroup in one direction, as of its last sample. */
export function counted(
  meter: EbpfMeter,
  cgroupId: number,
  direction: 'rx' | 'tx',
  filter: (flow: FlowCounter) => boolean = () => true,
): Sums {
  const sums = { bytes: 0, packets: 0 };
  for (const flow of meter.flows) {
    if (flow.cgroupId !== cgroupId || flow.direction !== direction || !filter(flow)) continue;
    sums.bytes += flow.bytes;
    sums.packets += flow.packets;
  }
  return sums;
}

export function difference(after: LinkCount, before: LinkCount): LinkCount {
  return {
    rxBytes: after.rxBytes - before.rxBytes,
    rxPackets: after.rxPackets - before.rxPackets,
    txBytes: after.txBytes - before.txBytes,
    txPackets: after.txPackets - before.txPackets,
  };
}

export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

function sysctl(namespace: string, setting: string): void {
  execFileSync('ip', ['netns', 'exec', namespace, 'sysctl', '-qw', setting]);
}

/** No segmentation below the counters, so that each packet there is one on the wire. */
function offload(namespace: string, device: string, { gro }: { gro: boolean }): void {
  const features = ['tso', 'off', 'gso', 'off', 'tx-udp-segmentation', 'off', 'gro', gro ? 'on' : 'off'];
  execFileSync('ip', ['netns', 'exec', namespace, 'ethtool', '-K', device, ...features]);
}

function limit(namespace: string, device: string, rate: string | undefined): void {
  const verb = rate === undefined ? 'del' : 'replace';
  const queue = rate === undefined ? [] : ['tbf', 'rate', rate, 'burst', '64k', 'latency', '400ms'];
  execFileSync('tc', ['-n', namespace, 'qdisc', verb, 'dev', device, 'root', ...queue]);
}

/** A file of /proc/PID as it reads in a namespace. */
function readIn(namespace: string, file: string): string {
  return inNetworkNamespace(`/run/netns/${namespace}`, () =>
    readFileSync(`/proc/thread-self/${file}`, 'utf8'),
  );
}

function readLink(namespace: string, device: string): LinkCount {
  const text = readIn(namespace, 'net/dev');
  const line = text.split('\n').find((one) => one.trim().startsWith(`${device}:`)) ?? '';
  const fields = line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  return { rxBytes: fields[0]!, rxPackets: fields[1]!, txBytes: fields[8]!, txPackets: fields[9]! };
}

async function removeCgroup(path: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || attempt > 40) throw error;
      await sleep(50);
    }
  }
}
