// The UDP services of old, by their port numbers: echo (RFC 862), discard (RFC 863), and a source in the
// place of character generation (RFC 864). Datagrams over the MTU are fragmented by the kernel.
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

const ECHO = 7;
const DISCARD = 9;
const SOURCE = 19;
const DEFAULT_RATE = 10_000_000;

/**
 * @param {string} address one of the server's own: a socket bound to all would answer from another one
 * @param {import('./tally.js').Tally} tally
 */
export function serveUdp(address, tally) {
  listen(ECHO, address, tally, (message, reply) => reply(message));
  listen(DISCARD, address, tally, () => {});
  listen(SOURCE, address, tally, (message, reply) => sendSeries(message.toString(), reply));
}

function listen(port, address, tally, answer) {
  const count = tally.port(port);
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (message, peer) => {
    count.datagramsReceived += 1;
    count.bytesReceived += message.length;
    answer(message, (datagram) => {
      count.datagramsSent += 1;
      count.bytesSent += datagram.length;
      socket.send(datagram, peer.port, peer.address);
    });
  });
  socket.bind(port, address);
}

/**
 * Answers "COUNT SIZE [RATE]" with COUNT datagrams of SIZE bytes, at RATE bytes per second (10,000,000
 * unless told), since a receiver's buffer holds little.
 */
async function sendSeries(request, reply) {
  const [count = 0, size = 0, rate = DEFAULT_RATE] = request.trim().split(/\s+/).map(Number);
  if (!(count > 0 && size >= 0 && size <= 65_507 && rate > 0)) return;
  const datagram = Buffer.alloc(size, 'netmeter ');
  const burst = Math.max(1, Math.floor(rate / 100 / Math.max(1, size)));
  for (let sent = 0; sent < count; sent += 1) {
    reply(datagram);
    if ((sent + 1) % burst === 0) await sleep((burst * size * 1000) / rate);
  }
}
