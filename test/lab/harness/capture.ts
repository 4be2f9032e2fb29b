import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lab } from './facts.js';
import { readEthernetPackets } from './pcap.js';
import { type Cleanup, eventually, within } from './suite.js';

/** Packets and their L3 bytes, from the host's view. */
export interface CaptureSums {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
}

/** What crossed the uplink. `ip` holds everything of IP, `arp` and `icmp6` what no socket of a user sent. */
export interface CaptureResult {
  readonly ip: CaptureSums;
  readonly arp: CaptureSums;
  /** Part of `ip`: neighbour discovery, multicast listener reports. */
  readonly icmp6: CaptureSums;
}

export interface Capture {
  /** There until the end of the test. */
  readonly file: string;
  stop(): Promise<CaptureResult>;
}

/**
 * Captures the far end of the uplink with tcpdump. There, unlike on the host's end, nothing merges or
 * segments: each packet is one that crossed the wire. Resolves when tcpdump has begun. `stop()` waits until
 * the link is quiet and rejects where a packet was lost on its way to tcpdump.
 */
export async function captureUplink(cleanup: Cleanup): Promise<Capture> {
  const { netns, uplink } = lab();
  const dir = mkdtempSync(join(tmpdir(), 'netmeter-capture-'));
  const file = join(dir, 'uplink.pcap');
  const options = ['-n', '-i', 'eth0', '-s', '128', '-B', '65536', '--immediate-mode', '-U', '-w', file];
  const args = ['netns', 'exec', netns, 'tcpdump', ...options];
  const child = spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  cleanup.defer(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });
  let said = '';
  const began = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`tcpdump ended: ${said}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('listening on')) resolve();
    });
  });
  await within(10_000, began);
  return {
    file,
    async stop() {
      await untilQuiet(file);
      child.kill('SIGINT');
      await within(10_000, ended);
      const [, captured, received, dropped] =
        /(\d+) packets? captured\s+(\d+) packets? received by filter\s+(\d+) packets? dropped/.exec(said) ??
        [];
      if (captured === undefined || captured !== received || dropped !== '0') {
        throw new Error(`tcpdump lost packets, nothing can be compared: ${said}`);
      }
      const hostMac = readFileSync(`/sys/class/net/${uplink}/address`, 'utf8').trim();
      return sum(readFileSync(file), hostMac);
    },
  };
}

/** Waits until tcpdump wrote nothing for 300 ms: what it has not read yet, it forgets when it ends. */
async function untilQuiet(file: string): Promise<void> {
  let size = -1;
  await eventually('a quiet uplink', 30_000, async () => {
    const last = size;
    await new Promise((resolve) => setTimeout(resolve, 300));
    size = statSync(file).size;
    return size === last ? true : undefined;
  });
}

function sum(pcap: Buffer, hostMac: string): CaptureResult {
  const ip = emptySums();
  const arp = emptySums();
  const icmp6 = emptySums();
  for (const packet of readEthernetPackets(pcap)) {
    const sent = packet.sourceMac === hostMac;
    if (packet.kind === 'arp') add(arp, sent, packet.l3Bytes);
    if (packet.kind === 'ip' || packet.kind === 'icmp6') add(ip, sent, packet.l3Bytes);
    if (packet.kind === 'icmp6') add(icmp6, sent, packet.l3Bytes);
  }
  return { ip, arp, icmp6 };
}

function emptySums() {
  return { rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0 };
}

function add(sums: ReturnType<typeof emptySums>, sent: boolean, bytes: number): void {
  if (sent) {
    sums.txBytes += bytes;
    sums.txPackets += 1;
  } else {
    sums.rxBytes += bytes;
    sums.rxPackets += 1;
  }
}
