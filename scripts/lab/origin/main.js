// The origin server of the lab: sends and receives known bytes, and tells exactly how many there were.
// Plain JavaScript without dependencies, so that the lab works before `npm ci`.
//
// usage: node main.js --address A [--address B] --control SOCKET --files DIR
//   HTTP on port 80, UDP echo (7), discard (9) and source (19) on each address; GET /stats on all HTTP
//   servers and on the Unix socket, which tests read without crossing the uplink.
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { createHandler } from './http.js';
import { Tally } from './tally.js';
import { serveUdp } from './udp.js';

const { values } = parseArgs({
  options: {
    address: { type: 'string', multiple: true, default: [] },
    control: { type: 'string' },
    files: { type: 'string' },
  },
});
if (values.control === undefined || values.files === undefined || values.address.length === 0) {
  console.error('usage: main.js --address A [--address B] --control SOCKET --files DIR');
  process.exit(2);
}

const tally = new Tally();
const handler = createHandler({ tally, filesDir: values.files });
for (const address of values.address) {
  // A step may sit on an open upload for minutes: no limits, the tests have their own.
  const server = createServer({ requestTimeout: 0, headersTimeout: 0 }, handler);
  server.listen(80, address);
  serveUdp(address, tally);
}
rmSync(values.control, { force: true });
createServer(handler).listen(values.control);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
