/** A capture's report for people. */
import type { CaptureDocument } from '../../src/capture/document.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';

/** Rows of each table; the JSON document has all. */
const MOST_ROWS = 40;
const NAMES_SHOWN = 3;

/** Ends with a newline. */
export function captureText(document: CaptureDocument, width: number | undefined): string {
  const parts = [
    summary(document),
    hosts(document, width),
    names(document, width),
    conversations(document, width),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function summary(document: CaptureDocument): string[] {
  const { truncatedAt, undecodedBecause, leftOut } = document;
  const linkTypes = document.linkTypes.join(', ') || 'no interface';
  const lines = [
    `${document.file === '-' ? 'standard input' : escapeText(document.file)}: ${document.format}, ${linkTypes}`,
    `${count(document.packets, 'packet')}, ${formatBytes(document.wireBytes)} on the wire, ` +
      `${formatBytes(document.capturedBytes)} captured`,
  ];
  if (document.firstAt !== null) lines.push(`from ${document.firstAt} to ${document.lastAt}`);
  if (truncatedAt !== null) {
    lines.push(
      `Cut off or damaged at offset ${truncatedAt.offset}: ${truncatedAt.reason}. What came before it is here.`,
    );
  }
  if (document.undecoded > 0) {
    const { linkType, notIp, malformed } = undecodedBecause;
    lines.push(
      `${count(document.undecoded, 'packet')} of no host: ${notIp} not IP, ${malformed} malformed, ` +
        `${linkType} of link types not known here`,
    );
  }
  if (document.implausible > 0) {
    lines.push(
      `${count(document.implausible, 'packet')} with an implausible length, whose bytes are not counted`,
    );
  }
  if (leftOut.hosts.packets > 0)
    lines.push(`Too many hosts: ${formatBytes(leftOut.hosts.bytes)} of others are not listed`);
  if (leftOut.conversations.packets > 0) {
    lines.push(
      `Too many conversations: ${formatBytes(leftOut.conversations.bytes)} of others are not listed`,
    );
  }
  if (leftOut.names > 0) lines.push(`Too many names: ${leftOut.names} are not listed`);
  return lines;
}

function hosts({ hosts: all }: CaptureDocument, width: number | undefined): string[] {
  if (all.length === 0) return [];
  const lines = table(
    [
      { title: 'HOST' },
      { title: 'CLASS' },
      { title: 'PACKETS', align: 'right' },
      { title: 'IN', align: 'right' },
      { title: 'OUT', align: 'right' },
      { title: 'REGISTRY' },
      { title: 'NAMES', flexible: true },
    ],
    all
      .slice(0, MOST_ROWS)
      .map((host) => [
        host.address,
        host.class,
        String(host.packets),
        formatBytes(host.rxBytes),
        formatBytes(host.txBytes),
        host.registry ?? '-',
        some(host.names),
      ]),
    width,
  );
  return withMore(lines, all.length, 'host');
}

function names({ names: all }: CaptureDocument, width: number | undefined): string[] {
  if (all.length === 0) return [];
  const lines = table(
    [{ title: 'NAME', flexible: true }, { title: 'SEEN IN' }, { title: 'REGISTRY' }, { title: 'ADDRESSES' }],
    all
      .slice(0, MOST_ROWS)
      .map((seen) => [seen.name, seen.source, seen.registry ?? '-', some(seen.addresses)]),
    width,
  );
  return withMore(lines, all.length, 'name');
}

function conversations({ conversations: all }: CaptureDocument, width: number | undefined): string[] {
  if (all.length === 0) return [];
  const lines = table(
    [
      { title: 'PROTOCOL' },
      { title: 'A' },
      { title: 'B', flexible: true },
      { title: 'A TO B', align: 'right' },
      { title: 'B TO A', align: 'right' },
      { title: 'PACKETS', align: 'right' },
    ],
    all
      .slice(0, MOST_ROWS)
      .map((flow) => [
        flow.protocol,
        endpoint(flow.a, flow.portA),
        endpoint(flow.b, flow.portB),
        formatBytes(flow.bytesAB),
        formatBytes(flow.bytesBA),
        String(flow.packetsAB + flow.packetsBA),
      ]),
    width,
  );
  return withMore(lines, all.length, 'conversation');
}

function endpoint(address: string, port: number | null): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function some(all: readonly string[]): string {
  if (all.length === 0) return '-';
  const more = all.length - NAMES_SHOWN;
  return all.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function withMore(lines: string[], all: number, what: string): string[] {
  const more = all - MOST_ROWS;
  return more > 0 ? [...lines, `and ${count(more, `more ${what}`)}: see --json`] : lines;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
