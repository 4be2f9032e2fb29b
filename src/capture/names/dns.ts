/** DNS messages: what was asked, and which addresses the answers gave (RFC 1035, RFC 3596). */
import { printable, u16 } from '../bytes.js';

export interface DnsMessage {
  questions: string[];
  /** Address records; `address` is the offset of its bytes. */
  addresses: { name: string; address: number; length: 4 | 16 }[];
  /** CNAME records: `name` is another name for `target`. */
  aliases: { name: string; target: string }[];
}

const HEADER = 12;
const A = 1;
const CNAME = 5;
const AAAA = 28;
const LONGEST_NAME = 255;
/** More than any real message has; a name needs one jump for each label at most. */
const MOST_JUMPS = 128;
const MOST_QUESTIONS = 32;
const MOST_RECORDS = 1024;
/** RFC 2136 updates and the like ask for nothing. */
const QUERY = 0;

interface ReadName {
  name: string;
  /** Behind the name, where it stands. */
  end: number;
}

/**
 * Everything up to the first record that makes no sense.
 * @returns undefined when it does not look like DNS at all
 */
export function readDns(bytes: Uint8Array, from: number, to: number): DnsMessage | undefined {
  if (to - from < HEADER || ((bytes[from + 2]! >> 3) & 15) !== QUERY) return undefined;
  const questions = u16(bytes, from + 4);
  if (questions > MOST_QUESTIONS) return undefined;
  const message: DnsMessage = { questions: [], addresses: [], aliases: [] };
  let at: number | undefined = from + HEADER;
  for (let i = 0; i < questions; i++) {
    const found = readName(bytes, from, at, to);
    if (found === undefined || to - found.end < 4) return message;
    message.questions.push(found.name);
    at = found.end + 4;
  }
  const records = u16(bytes, from + 6) + u16(bytes, from + 8) + u16(bytes, from + 10);
  for (let i = 0; i < Math.min(records, MOST_RECORDS) && at !== undefined; i++) {
    at = readRecord(message, bytes, from, at, to);
  }
  return message;
}

/** @returns where the next record starts, undefined when this one makes no sense */
function readRecord(
  message: DnsMessage,
  bytes: Uint8Array,
  start: number,
  at: number,
  to: number,
): number | undefined {
  const owner = readName(bytes, start, at, to);
  if (owner === undefined || to - owner.end < 10) return undefined;
  const type = u16(bytes, owner.end);
  const length = u16(bytes, owner.end + 8);
  const data = owner.end + 10;
  if (length > to - data) return undefined;
  if (type === A && length === 4) message.addresses.push({ name: owner.name, address: data, length: 4 });
  if (type === AAAA && length === 16) message.addresses.push({ name: owner.name, address: data, length: 16 });
  if (type === CNAME) {
    const target = readName(bytes, start, data, data + length);
    if (target !== undefined) message.aliases.push({ name: owner.name, target: target.name });
  }
  return data + length;
}

/** @param start of the message, which compression pointers count from */
function readName(bytes: Uint8Array, start: number, from: number, to: number): ReadName | undefined {
  const labels: string[] = [];
  let length = 0;
  let at = from;
  let end: number | undefined;
  for (let jumps = 0; jumps < MOST_JUMPS; ) {
    if (at >= to) return undefined;
    const size = bytes[at]!;
    if (size === 0) return { name: labels.join('.').toLowerCase(), end: end ?? at + 1 };
    if (size >= 0xc0) {
      if (to - at < 2) return undefined;
      end ??= at + 2;
      const target = start + (u16(bytes, at) & 0x3fff);
      // Only backwards: what points ahead can loop, and no honest writer does it.
      if (target >= at) return undefined;
      at = target;
      jumps += 1;
      continue;
    }
    length += size + 1;
    if (size > 63 || size >= to - at || length > LONGEST_NAME) return undefined;
    labels.push(printable(bytes, at + 1, at + 1 + size));
    at += 1 + size;
  }
  return undefined;
}

/** The names that lead to `name` through aliases, itself last. */
export function namesLeadingTo(name: string, aliases: DnsMessage['aliases']): string[] {
  const chain = [name];
  for (const current of chain) {
    for (const alias of aliases) {
      if (alias.target === current && !chain.includes(alias.name)) chain.push(alias.name);
    }
  }
  return chain.reverse();
}
