/** A second way to the lab's servers: another veth pair into their namespace, as a hotspot beside a Wi-Fi. */
import { readFileSync } from 'node:fs';
import { type Cleanup, type LinkCounters, lab, run } from '../harness/index.js';

const HERE = '198.51.100.13';
const THERE = '198.51.100.14';
const FAR_END = 'nmsecond';
/** The lab's own ends of its uplink. */
const FIRST_HERE = '198.51.100.1';

export class SecondUplink {
  readonly name = `nmtwo${process.pid % 100_000}`;

  constructor(cleanup: Cleanup) {
    cleanup.defer(() => run('ip', ['link', 'del', this.name], { anyExit: true }));
    cleanup.defer(() => this.#route('del', true));
  }

  async make(): Promise<void> {
    const { name } = this;
    const { netns } = lab();
    const there = ['-n', netns];
    const offloads = ['tso', 'off', 'gso', 'off', 'tx-udp-segmentation', 'off'];
    await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', FAR_END, 'netns', netns]);
    const commands = [
      ['sysctl', '-qw', `net.ipv6.conf.${name}.disable_ipv6=1`],
      ['ip', 'addr', 'add', `${HERE}/30`, 'dev', name],
      ['ip', ...there, 'addr', 'add', `${THERE}/30`, 'dev', FAR_END],
      ['ip', 'link', 'set', name, 'up'],
      ['ip', ...there, 'link', 'set', FAR_END, 'up'],
      ['ethtool', '-K', name, ...offloads, 'gro', 'on'],
      ['ip', 'netns', 'exec', netns, 'ethtool', '-K', FAR_END, ...offloads, 'gro', 'off'],
    ];
    for (const [command = '', ...args] of commands) await run(command, args);
  }

  /** The default link changes: everything to and from the servers crosses this one from now on. */
  async take(): Promise<void> {
    await this.#route('replace', false);
  }

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

  async #route(verb: 'replace' | 'del', anyExit: boolean): Promise<void> {
    const server = `${lab().serverV4}/32`;
    await run('ip', ['route', verb, server, 'via', THERE, 'dev', this.name], { anyExit });
    const back = ['route', verb, `${FIRST_HERE}/32`, 'via', HERE, 'dev', FAR_END];
    await run('ip', ['-n', lab().netns, ...back], { anyExit });
  }
}
