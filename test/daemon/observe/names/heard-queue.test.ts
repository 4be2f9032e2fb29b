// The programs in the kernel, on traffic of this machine's loopback: what they hand over, and what they leave alone.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCgroupMount } from '../../../../daemon/meter/ebpf/cgroup-mount.js';
import { NameListener } from '../../../../daemon/observe/names/name-listener.js';
import { dnsMessage, domain } from '../../../src/capture/names/dns-message.js';
import { clientHello, records } from '../../../src/capture/names/hello.js';
import { crypto, initial, SENDERS } from '../../../src/capture/names/quic-initial.js';

/** Nobody else on the machine speaks of these. */
const HOST = '127.53.53.1';
const NAMES = {
  udp: `udp-${process.pid}.names.example`,
  tcp: `tcp-${process.pid}.names.example`,
  tls: `tls-${process.pid}.names.example`,
  quic: `quic-${process.pid}.names.example`,
};

function answer(name: string): Buffer {
  return dnsMessage(
    [domain(name)],
    [{ name: domain(name), type: 1, data: Buffer.from([192, 0, 2, name.length]) }],
  );
}

async function overTcp(port: number, sent: Buffer, answered: Buffer): Promise<void> {
  const server = createServer((socket) => socket.on('data', () => socket.end(answered))).listen(port, HOST);
  await once(server, 'listening');
  const client = connect(port, HOST, () => client.write(sent));
  client.resume();
  await once(client, 'close');
  server.close();
}

async function overUdp(port: number, sent: Buffer, answered: Buffer): Promise<void> {
  const [server, client] = [createSocket('udp4'), createSocket('udp4')];
  server.on('message', (_, from) => server.send(answered, from.port, from.address));
  server.bind(port, HOST);
  await once(server, 'listening');
  client.bind(0, HOST);
  await once(client, 'listening');
  client.send(sent, port, HOST);
  await once(client, 'message');
  server.close();
  client.close();
}

test('answers over UDP and TCP, greetings of TLS and QUIC', async () => {
  const heard = new Map<string, string>();
  const listener = new NameListener({
    cgroupRoot: findCgroupMount()?.path,
    now: Date.now,
    learn: async (names) => {
      for (const { name, address, source } of names) heard.set(name, `${address} ${source}`);
    },
    log: () => {},
  });
  listener.start();
  try {
    assert.is(listener.state().because, undefined);
    const overStream = answer(NAMES.tcp);
    const hello = clientHello(NAMES.quic, 200);
    await overUdp(53, Buffer.from('?'), answer(NAMES.udp));
    await overTcp(53, Buffer.from('?'), Buffer.concat([Buffer.from([0, overStream.length]), overStream]));
    await overTcp(443, records(clientHello(NAMES.tls, 100)), Buffer.from('!'));
    // Clients pad their first packets to 1,200 bytes.
    const frames = Buffer.concat([crypto(hello, 0, hello.length), Buffer.alloc(1_000)]);
    await overUdp(443, initial(SENDERS[0]!, frames), Buffer.from('!'));
    // As long, to the same port, and no greeting.
    await overUdp(443, Buffer.alloc(1_300, 0x43), Buffer.from('!'));
    for (let time = 0; time < 50 && heard.size < 4; time++) {
      await listener.drain();
      await sleep(20);
    }
  } finally {
    await listener.stop();
  }
  const told = Object.values(NAMES).map((name) => heard.get(name));
  assert.equal(told, [
    `192.0.2.${NAMES.udp.length} dns`,
    `192.0.2.${NAMES.tcp.length} dns`,
    `${HOST} tls-sni`,
    `${HOST} quic-sni`,
  ]);
  assert.is(listener.lost(), 0);
});

test.run();
