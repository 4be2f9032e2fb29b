// A port that passes on to another one of the same address, slowly: registries have no rate of their own.
//
// usage: node slow-port.js ADDRESS PORT TARGET_PORT BYTES_PER_SECOND
//   the rate holds for what comes back, for all connections together; prints "ready" when it listens
import { connect, createServer } from 'node:net';

const [address, port, targetPort, rate] = process.argv.slice(2);
let free = 0; // when the line is free again, in ms

createServer((client) => {
  const server = connect({ host: address, port: Number(targetPort) });
  client.pipe(server);
  server.on('data', (data) => {
    server.pause();
    const now = performance.now();
    free = Math.max(now, free) + (data.length / Number(rate)) * 1000;
    setTimeout(() => {
      client.write(data);
      server.resume();
    }, free - now);
  });
  server.on('end', () => client.end());
  for (const [one, other] of [
    [client, server],
    [server, client],
  ]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}).listen(Number(port), address, () => console.log('ready'));
