// A port that passes on to another one of the same address, slowly: registries have no rate of their own.
//
// usage: node slow-port.js ADDRESS PORT TARGET_PORT BYTES_PER_SECOND
//   the rate holds for what comes back, for all connections together; prints "ready" when it listens
import { connect, createServer } from 'node:net';
import { pipeline, Transform } from 'node:stream';

const [address, port, targetPort, rate] = process.argv.slice(2);
let free = 0; // when the line is free again, in ms

function slowly() {
  return new Transform({
    transform(chunk, _encoding, done) {
      const now = performance.now();
      free = Math.max(now, free) + (chunk.length / Number(rate)) * 1000;
      setTimeout(() => done(null, chunk), free - now);
    },
  });
}

createServer({ allowHalfOpen: true }, (client) => {
  const server = connect({ host: address, port: Number(targetPort), allowHalfOpen: true });
  const gaveUp = () => {}; // whoever hung up, pipeline has destroyed the rest
  pipeline(client, server, gaveUp);
  pipeline(server, slowly(), client, gaveUp);
}).listen(Number(port), address, () => console.log('ready'));
