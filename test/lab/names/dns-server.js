// A DNS server that knows one name: node dns-server.js ADDRESS NAME ANSWER. Prints a line when it listens.
import { createSocket } from 'node:dgram';

const [address, name, answer] = process.argv.slice(2);
const HEADER = 12;
const socket = createSocket('udp4');
socket.on('message', (question, peer) => {
  const asked = readName(question);
  const end = HEADER + asked.length + 2 + 4;
  const isAddress = question.readUInt16BE(end - 4) === 1;
  const known = asked === name && isAddress;
  const header = Buffer.alloc(HEADER);
  question.copy(header, 0, 0, 2);
  // An answer, and no such name where it is another one.
  header.writeUInt16BE(asked === name ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(known ? 1 : 0, 6);
  const record = Buffer.from([0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...answer.split('.').map(Number)]);
  const parts = [header, question.subarray(HEADER, end), ...(known ? [record] : [])];
  socket.send(Buffer.concat(parts), peer.port, peer.address);
});
socket.bind(53, address, () => console.log('listening'));

function readName(message) {
  const labels = [];
  for (let at = HEADER; message[at] > 0; at += 1 + message[at]) {
    labels.push(message.toString('latin1', at + 1, at + 1 + message[at]));
  }
  return labels.join('.');
}
