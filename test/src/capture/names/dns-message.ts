/** DNS messages made byte by byte. */
import { be16 } from '../packets.js';

export function domain(name: string): Buffer {
  const labels = name
    .split('.')
    .flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([...labels, Buffer.from([0])]);
}

export interface DnsRecord {
  name: Buffer;
  type: number;
  data: Buffer;
}

export function dnsMessage(questions: Buffer[], answers: DnsRecord[]): Buffer {
  const header = Buffer.concat([
    be16(1),
    be16(0x8180),
    be16(questions.length),
    be16(answers.length),
    be16(0),
    be16(0),
  ]);
  const asked = questions.map((name) => Buffer.concat([name, be16(1), be16(1)]));
  const answered = answers.map(({ name, type, data }) =>
    Buffer.concat([name, be16(type), be16(1), Buffer.alloc(4), be16(data.length), data]),
  );
  return Buffer.concat([header, ...asked, ...answered]);
}
