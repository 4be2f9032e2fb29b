/** Package proxies as a document: those that are there, and those that did something and are gone. */
import type { ProxiesDocument, ProxyDocument } from '../protocol/documents.js';
import { SCHEMA } from '../protocol/documents.js';
import type { AddedProxy, KnownProxy, ProxyPackage } from '../proxies/types.js';
import type { ProxyUsage } from '../proxies/usage.js';
import { type Interval, totalBytes } from '../units.js';
import { iso, noTransfer, transferOf } from './sums.js';

export interface ProxyFacts {
  period: Interval;
  known: readonly KnownProxy[];
  added: readonly AddedProxy[];
  usage: readonly ProxyUsage[];
  /** By their logs, those that served most of each. */
  packages: readonly ProxyPackage[];
  /** False in tiers that know no remotes. */
  isCounted: boolean;
}

const UNKNOWN = { rxBytes: null, txBytes: null };
const GONE = { kind: null, found: null, place: null, isUp: false, owner: null } as const;

const NOT_COUNTED = {
  delivered: UNKNOWN,
  fetched: UNKNOWN,
  savedBytes: null,
  because: 'only the exact tier tells what goes to a proxy',
};

type Description = Omit<ProxyDocument, 'delivered' | 'fetched' | 'savedBytes' | 'packages'>;

export function proxiesDocument({
  period,
  known,
  added,
  usage,
  packages,
  isCounted,
}: ProxyFacts): ProxiesDocument {
  const found = known.map(describe);
  const names = new Set(known.map(({ name }) => name));
  const missing = added.filter(({ name }) => !names.has(name)).map(describeMissing);
  for (const { name } of missing) names.add(name);
  const gone = usage
    .filter(({ name }) => !names.has(name))
    .map(({ name }): Description => {
      return { ...GONE, name, endpoints: [], because: 'it is no more, or no proxy any more' };
    });
  const proxies = [...found, ...missing, ...gone].map((each) => ({
    ...each,
    ...(isCounted ? figures(each, usage) : NOT_COUNTED),
    packages: packages
      .filter(({ proxy }) => proxy === each.name)
      .map(({ proxy: _, ...told }) => ({ ...told, basis: 'reported' as const })),
  }));
  return {
    schema: SCHEMA,
    since: iso(period.from),
    until: iso(period.to),
    proxies: proxies.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function describe({ name, kind, origin, place, ownerId, endpoints, because, isUp }: KnownProxy): Description {
  return {
    name,
    kind: kind ?? null,
    found: origin,
    place,
    isUp: isUp !== false && endpoints.length > 0,
    because: because ?? null,
    owner: ownerId ?? null,
    endpoints: endpoints.map(({ address, port, protocol }) => ({ address: address ?? null, port, protocol })),
  };
}

function describeMissing({ name, container }: AddedProxy): Description {
  const because = container === undefined ? 'its address is none' : `no container ${container} is running`;
  return { ...GONE, name, found: 'added', endpoints: [], because };
}

function figures(
  { name, owner, isUp }: Description,
  usage: readonly ProxyUsage[],
): Pick<ProxyDocument, 'delivered' | 'fetched' | 'savedBytes'> {
  const used = usage.find((each) => each.name === name);
  // What is counted and has moved nothing has fetched nothing.
  const nothing = owner !== null && isUp ? noTransfer() : undefined;
  const fetched = used === undefined ? nothing : used.fetched;
  const delivered = used?.delivered ?? noTransfer();
  return {
    delivered: transferOf(delivered),
    fetched: fetched === undefined ? UNKNOWN : transferOf(fetched),
    savedBytes: fetched === undefined ? null : totalBytes(delivered) - totalBytes(fetched),
  };
}
