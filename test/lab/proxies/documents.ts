import type { ProxiesDocument, ProxyDocument } from '../../../src/protocol/documents.js';
import { eventually, type Netmeter } from '../harness/index.js';

/** What netmeter says of a proxy. */
export async function proxyNamed(netmeter: Netmeter, name: string, since?: string): Promise<ProxyDocument> {
  const { proxies } = await netmeter.json<ProxiesDocument>([
    'proxy',
    'ls',
    ...(since === undefined ? [] : ['--since', since]),
  ]);
  const found = proxies.find((proxy) => proxy.name === name);
  if (found === undefined) {
    throw new Error(`no proxy is called ${name}, only ${proxies.map((proxy) => proxy.name).join(', ')}`);
  }
  return found;
}

/** The same, when it is there. */
export function proxyUp(netmeter: Netmeter, name: string): Promise<ProxyDocument> {
  return eventually(`proxy ${name} to be found`, 20_000, async () => {
    const { proxies } = await netmeter.json<ProxiesDocument>(['proxy', 'ls']);
    return proxies.find((proxy) => proxy.name === name && proxy.isUp);
  });
}

export function bothWays({ rxBytes, txBytes }: { rxBytes: number | null; txBytes: number | null }): number {
  if (rxBytes === null || txBytes === null) throw new Error('the bytes are not known');
  return rxBytes + txBytes;
}
