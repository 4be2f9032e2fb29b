import { canonicalAddress } from '../metering/address.js';

/** Where a proxy is reached, as people and configurations write it. */
export interface HostAndPort {
  /** A host's name, or an address in canonical form. */
  host: string;
  port: number;
}

/** A name as DNS has it (RFC 1123), underscores allowed as Compose makes them. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;
const SCHEME_PORTS = new Map([
  ['http', 80],
  ['https', 443],
]);

/**
 * `192.168.1.5:3142`, `[fd00::5]:3128`, `cache.lan:4873`, `http://cache.lan:8081/repository/`.
 * @returns undefined for anything else, and where no port is named
 */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const match = /^(?:(https?):\/\/)?(?:\[([^\]]+)\]|([^:/\s[\]]+))(?::(\d{1,5}))?(?:\/.*)?$/i.exec(
    text.trim(),
  );
  if (match === null) return undefined;
  const [, scheme, bracketed, plain] = match;
  const host = hostOf(bracketed ?? plain ?? '', bracketed !== undefined);
  const port = match[4] === undefined ? SCHEME_PORTS.get(scheme?.toLowerCase() ?? '') : Number(match[4]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

function hostOf(text: string, bracketed: boolean): string | undefined {
  const address = canonicalAddress(text);
  if (address !== undefined || bracketed) return address;
  // What looks like an address and is none is no name either.
  return HOST_NAME.test(text) && !/^[\d.]+$/.test(text) ? text.toLowerCase() : undefined;
}
