/** Where the known proxies listen, and which of them a remote is. */
import { canonicalAddress } from './address.js';
import type { Remote } from './types.js';

export interface ProxyEndpoint {
  /** The proxy's name, for people. */
  name: string;
  /** An address, or `undefined` for a port published on all of the host's own addresses. */
  address: string | undefined;
  port: number;
  protocol: 'tcp' | 'udp';
}

export type ProxyLookup = (remote: Remote, ownAddress: boolean) => string | undefined;

/**
 * A look-up in the endpoints: by address and port, or, where the remote is one of the host's own addresses,
 * by the port alone. The first endpoint wins. Endpoints whose address is none are ignored.
 */
export function proxyLookup(endpoints: readonly ProxyEndpoint[]): ProxyLookup {
  const names = new Map<string, string>();
  for (const { name, address, port, protocol } of endpoints) {
    const canonical = address === undefined ? '*' : canonicalAddress(address);
    if (canonical === undefined) continue;
    const key = endpointKey(canonical, port, protocol);
    if (!names.has(key)) names.set(key, name);
  }
  if (names.size === 0) return () => undefined;
  return ({ address, port, protocol }, ownAddress) => {
    const named = names.get(endpointKey(address, port, protocol));
    if (named !== undefined || !ownAddress) return named;
    return names.get(endpointKey('*', port, protocol));
  };
}

function endpointKey(address: string, port: number, protocol: string): string {
  return `${protocol} ${port} ${address}`;
}
