/** Network namespaces of a test's own, so that neither the machine's links nor other tests matter. */
import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { inNetworkNamespace } from '../../../daemon/sys/network-namespace.js';

const NETNS = '/run/netns';

export class Namespaces {
  readonly #prefix: string;
  readonly #names = new Set<string>();
  readonly #servers: Server[] = [];

  /** @param about a few letters that tell the test file */
  constructor(about: string) {
    this.#prefix = `nm-h-${about}-${process.pid}`;
  }

  /** Adds a namespace without IPv6, so that nobody in it speaks unasked, and returns its full name. */
  add(name: string): string {
    const full = `${this.#prefix}-${name}`;
    execFileSync('ip', ['netns', 'add', full]);
    this.#names.add(full);
    this.inside(full, () => {
      writeFileSync('/proc/sys/net/ipv6/conf/all/disable_ipv6', '1');
      writeFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1');
      writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
    });
    this.ip(full, 'link set lo up');
    return full;
  }

  /** Runs `ip` within a namespace. */
  ip(namespace: string, command: string): string {
    return execFileSync('ip', ['-n', namespace, ...command.split(' ')], { encoding: 'utf8' });
  }

  /** Runs any command within a namespace. */
  run(namespace: string, command: string, ...args: string[]): string {
    return execFileSync('ip', ['netns', 'exec', namespace, command, ...args], { encoding: 'utf8' });
  }

  /** Starts a command within a namespace: it is there from its first moment on. */
  start(namespace: string, command: string, args: string[], options: SpawnOptions = {}) {
    return this.inside(namespace, () => spawn(command, args, { stdio: 'ignore', ...options }));
  }

  /** Runs synchronous code of this process within a namespace. */
  inside<T>(namespace: string, work: () => T): T {
    return inNetworkNamespace(`${NETNS}/${namespace}`, work);
  }

  path(namespace: string): string {
    return `${NETNS}/${namespace}`;
  }

  /**
   * Connects two namespaces: `a` and `b` are `<namespace> <interface> <address>/<prefix length>`. Both ends
   * know each other's hardware address, so that no ARP crosses the wire.
   */
  connect(a: string, b: string): void {
    const [left, right] = [a, b].map((end) => end.split(' ') as [string, string, string]);
    const [leftNs, leftIf, leftAddress] = left!;
    const [rightNs, rightIf, rightAddress] = right!;
    this.ip(leftNs, `link add ${leftIf} type veth peer name ${rightIf} netns ${rightNs}`);
    for (const [namespace, name, address] of [left!, right!]) {
      this.ip(namespace, `addr add ${address} dev ${name}`);
      this.ip(namespace, `link set ${name} up`);
    }
    const neighbour = (from: string, name: string, address: string, mac: string): string =>
      this.ip(from, `neigh replace ${address.split('/')[0]} lladdr ${mac} dev ${name}`);
    neighbour(leftNs, leftIf, rightAddress, this.mac(rightNs, rightIf));
    neighbour(rightNs, rightIf, leftAddress, this.mac(leftNs, leftIf));
  }

  mac(namespace: string, name: string): string {
    return (JSON.parse(this.ip(namespace, `-j link show ${name}`)) as { address: string }[])[0]!.address;
  }

  /** What `ip` says that an interface counted, by its own view. */
  counters(namespace: string, name: string) {
    interface Side {
      bytes: number;
      packets: number;
      dropped: number;
    }
    const [link] = JSON.parse(this.ip(namespace, `-j -s link show ${name}`)) as {
      stats64: { rx: Side; tx: Side };
    }[];
    const { rx, tx } = link!.stats64;
    return { rxBytes: rx.bytes, txBytes: tx.bytes, rxPackets: rx.packets, txPackets: tx.packets };
  }

  /** Sends datagrams to a port where nobody has to listen. Each is `size` + 28 bytes of IP. */
  sendDatagrams(namespace: string, address: string, count: number, size: number): void {
    this.run(namespace, process.execPath, '-e', SEND, address, String(count), String(size));
  }

  /** A server that sends `bytes` to whoever connects. It lives in this process, its socket in there. */
  serve(namespace: string, port: number, bytes: number): void {
    const server = this.inside(namespace, () =>
      createServer((socket) => {
        socket.on('error', () => socket.destroy());
        socket.end(Buffer.alloc(bytes));
      }).listen(port),
    );
    this.#servers.push(server);
  }

  /** Receives from such a server until it ends. Resolves with the bytes received. */
  fetch(namespace: string, address: string, port: number): Promise<number> {
    const child = this.start(namespace, process.execPath, ['-e', FETCH, address, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout!.on('data', (part) => {
      text += String(part);
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => resolve(Number(text)));
    });
  }

  /** Removes a namespace that may be gone already. */
  remove(full: string): void {
    if (!this.#names.delete(full)) return;
    execFileSync('ip', ['netns', 'del', full]);
  }

  /** Removes everything. */
  clear(): void {
    for (const server of this.#servers) server.close();
    for (const name of [...this.#names]) this.remove(name);
  }
}

const SEND = `
  const [address, count, size] = process.argv.slice(1);
  const socket = require('node:dgram').createSocket('udp4');
  let left = Number(count);
  const next = () => left-- > 0 ? socket.send(Buffer.alloc(Number(size)), 9, address, next) : socket.close();
  socket.on('error', () => {});
  next();
`;

const FETCH = `
  const [address, port] = process.argv.slice(1);
  let bytes = 0;
  require('node:net').connect(Number(port), address)
    .on('data', (part) => { bytes += part.length; })
    .on('end', () => process.stdout.write(String(bytes)));
`;
