/** An uplink of a test's own, over which nobody else sends: what it counts is to the byte what the test sent. */
import { createSocket, type Socket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Cleanup, type LinkCounters, run } from '../harness/index.js';

/** Of the documentation prefix that the lab uses as well, and no part of its networks. */
const HERE = '198.51.100.9';
const THERE = '198.51.100.10';
const FAR_MAC = '02:00:00:00:00:10';
/** Behind the link, and thrown away there: nothing comes back. */
const BEHIND = '198.51.100.64/26';
const ADDRESSES = Array.from({ length: 64 }, (_, i) => `198.51.100.${64 + i}`);
const UDP_AND_IP_HEADERS = 28;

export class OwnUplink {
  readonly name = `nmbad${process.pid % 100_000}`;
  readonly #netns = `nm-bad-${process.pid}`;

  constructor(cleanup: Cleanup) {
    cleanup.defer(() => run('ip', ['netns', 'del', this.#netns], { anyExit: true }));
    cleanup.defer(() => this.remove());
  }

  /** Makes it, or makes it again: the interface has then another number. */
  async make(): Promise<void> {
    const { name } = this;
    const netns = this.#netns;
    await run('ip', ['netns', 'add', netns], { anyExit: true });
    const there = ['-n', netns];
    await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
    // Neither IPv6's group reports nor ARP: only what the test sends crosses it.
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1');
    const disable = 'echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6';
    await run('ip', ['netns', 'exec', netns, 'sh', '-c', disable]);
    const commands = [
      ['addr', 'add', `${HERE}/30`, 'dev', name],
      [...there, 'addr', 'add', `${THERE}/30`, 'dev', 'eth0'],
      ['link', 'set', name, 'up'],
      [...there, 'link', 'set', 'eth0', 'address', FAR_MAC, 'up'],
      ['neigh', 'replace', THERE, 'lladdr', FAR_MAC, 'dev', name, 'nud', 'permanent'],
      [...there, 'route', 'replace', 'blackhole', BEHIND],
      ['route', 'replace', BEHIND, 'via', THERE],
    ];
    for (const command of commands) await run('ip', command);
  }

  async remove(): Promise<void> {
    await run('ip', ['link', 'del', this.name], { anyExit: true });
  }

  /** The kernel's own counters, which begin at 0 with the interface. */
  counters(): LinkCounters {
    const read = (counter: string): number =>
      Number(readFileSync(`/sys/class/net/${this.name}/statistics/${counter}`, 'utf8'));
    return {
      rxBytes: read('rx_bytes'),
      txBytes: read('tx_bytes'),
      rxPackets: read('rx_packets'),
      txPackets: read('tx_packets'),
    };
  }
}

/** IP-level bytes of so many datagrams. */
export function bytesOf(datagrams: number, payload: number): number {
  return datagrams * (payload + UDP_AND_IP_HEADERS);
}

/** Sends one datagram to each of `remotes` different remotes behind the link, from this process. */
export async function sendToMany(remotes: number, payload: number, firstPort = 1000): Promise<void> {
  const socket = createSocket('udp4');
  try {
    const message = Buffer.alloc(payload);
    for (let i = 0; i < remotes; i++) {
      const address = ADDRESSES[i % ADDRESSES.length]!;
      await send(socket, message, firstPort + Math.floor(i / ADDRESSES.length), address);
    }
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
}

function send(socket: Socket, message: Buffer, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, port, address, (error) => (error === null ? resolve() : reject(error)));
  });
}
