import type { ProxiesDocument, ProxyDocument } from '../../src/protocol/documents.js';
import { escapeText } from '../../src/text/escape.js';
import { formatBytes, sumOf } from '../../src/text/figures.js';
import { table } from '../../src/text/table.js';
import { ask } from '../ask.js';
import type { Command, CommandContext } from '../command.js';
import { parseSince } from '../parse.js';

interface AddOptions {
  address?: string;
  container?: string;
}

export const proxyLs: Command<{ since?: number; packages?: boolean }> = {
  name: 'proxy ls',
  summary: 'package proxies, what they delivered and what they fetched for it',
  description:
    'Proxies are found by labels (netmeter.role=proxy, with netmeter.name and netmeter.port if need be), ' +
    "well-known images and programs, and the engine's registry mirrors. Others can be added.",
  options: [
    {
      flags: '--since <time>',
      description: 'an ISO 8601 time or an age such as 2h or 7d; default: all that is known',
      parse: parseSince,
    },
    {
      flags: '--packages',
      description: 'what each served per package, by its own log where that is followed',
    },
  ],
  async run({ io, options }) {
    const { since, packages } = options;
    const document = await ask('proxies', since === undefined ? {} : { since }, io, options);
    const { columns } = io.stdout;
    const told = () => (packages ? packagesText(document, columns) : '');
    const text = () => proxiesText(document, columns) + told();
    io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : text());
    return 0;
  },
};

export const proxyAdd: Command<AddOptions> = {
  name: 'proxy add',
  summary: 'count an address or a container as a package proxy from now on',
  operands: [['<name>', 'how to call it']],
  options: [
    { flags: '--address <host:port>', description: 'where it listens; a URL will do' },
    { flags: '--container <name>', description: 'the container that it runs in, by name or id' },
  ],
  async run({ io, args, options }) {
    const [name = ''] = args;
    const { address, container } = options;
    const params = {
      name,
      ...(address !== undefined && { address }),
      ...(container !== undefined && { container }),
    };
    const document = await ask('proxy-add', params, io, options);
    return tell({ io, args, options }, document, addedText(name, document));
  },
};

export const proxyRm: Command<object> = {
  name: 'proxy rm',
  summary: 'count a proxy that was added by hand as one no more',
  operands: [['<name>', 'as it was added']],
  async run({ io, args, options }) {
    const [name = ''] = args;
    const document = await ask('proxy-remove', { name }, io, options);
    return tell({ io, args, options }, document, `${escapeText(name)} counts as a proxy no more.\n`);
  },
};

function tell({ io, options }: CommandContext<object>, document: ProxiesDocument, text: string): number {
  io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : text);
  return 0;
}

export function proxiesText({ proxies }: ProxiesDocument, width: number | undefined): string {
  if (proxies.length === 0) return 'No proxies are known. netmeter proxy add --help says how to add one.\n';
  const lines = table(
    [
      { title: 'NAME', flexible: true },
      { title: 'KIND' },
      { title: 'FOUND BY' },
      { title: 'LISTENS AT', flexible: true },
      { title: 'DELIVERED', align: 'right' },
      { title: 'FETCHED', align: 'right' },
      { title: 'SAVED', align: 'right' },
    ],
    proxies.map((proxy) => [
      proxy.name,
      proxy.kind ?? '-',
      proxy.found ?? '-',
      proxy.endpoints.map(endpointText).join(' ') || '-',
      formatBytes(sumOf(proxy.delivered)),
      formatBytes(sumOf(proxy.fetched)),
      formatBytes(proxy.savedBytes),
    ]),
    width,
  );
  const notes = proxies
    .filter(({ because }) => because !== null)
    .map(({ name, because }) => `${escapeText(name)}: ${escapeText(because ?? '')}`);
  return `${[...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}

export function packagesText({ proxies }: ProxiesDocument, width: number | undefined): string {
  const rows = proxies.flatMap(({ name, packages }) =>
    packages.map((each) => [
      name,
      each.name,
      String(each.requests),
      String(each.hits),
      String(each.misses),
      formatBytes(each.servedBytes),
      formatBytes(each.fetchedBytes),
    ]),
  );
  if (rows.length === 0) return '\nNo log of a proxy has told of packages in this time.\n';
  const lines = table(
    [
      { title: 'PROXY', flexible: true },
      { title: 'PACKAGE', flexible: true },
      { title: 'REQUESTS', align: 'right' },
      { title: 'HITS', align: 'right' },
      { title: 'MISSES', align: 'right' },
      { title: 'SERVED', align: 'right' },
      { title: 'FETCHED', align: 'right' },
    ],
    rows,
    width,
  );
  return `\nAs the proxies' logs report it; in no figure above:\n${lines.join('\n')}\n`;
}

function addedText(name: string, { proxies }: ProxiesDocument): string {
  const proxy = proxies.find((each) => each.name === name);
  const where = proxy?.endpoints.map(endpointText).join(' ') ?? '';
  const because = proxy?.because == null ? '' : `\nNote: ${escapeText(proxy.because)}.`;
  const at = where === '' ? '' : ` at ${escapeText(where)}`;
  return `${escapeText(name)} counts as a proxy${at} from now on.${because}\n`;
}

function endpointText({ address, port }: ProxyDocument['endpoints'][number]): string {
  if (address === null) return `*:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
