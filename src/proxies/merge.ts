import { endpointText, uniqueEndpoints } from './container-proxy.js';
import type { KnownProxy, ProxyFinding } from './types.js';

const LONGEST_NAME = 64;

/**
 * One entry per proxy, however often it was found. What comes first names it: findings are to be given in
 * the order in which they are believed. Names that are taken get a number.
 */
export function mergeFindings(findings: readonly ProxyFinding[]): KnownProxy[] {
  const merged: ProxyFinding[] = [];
  for (const finding of findings) {
    const at = merged.findIndex((each) => isSame(each, finding));
    if (at < 0) merged.push(finding);
    else merged[at] = combined(merged[at]!, finding);
  }
  const names = new Set<string>();
  return merged.map((finding) => ({ ...finding, name: freeName(finding.name, names) }));
}

function isSame(a: ProxyFinding, b: ProxyFinding): boolean {
  if (a.ownerId !== undefined && b.ownerId !== undefined) return a.ownerId === b.ownerId;
  const texts = new Set(a.endpoints.map(endpointText));
  return b.endpoints.some((endpoint) => texts.has(endpointText(endpoint)));
}

function combined(first: ProxyFinding, more: ProxyFinding): ProxyFinding {
  const owned = first.ownerId === undefined ? more : first;
  return {
    ...first,
    kind: first.kind ?? more.kind,
    place: owned.place,
    ownerId: owned.ownerId,
    endpoints: uniqueEndpoints([...first.endpoints, ...more.endpoints]),
    because: owned.ownerId === undefined ? (first.because ?? more.because) : owned.because,
  };
}

function freeName(wanted: string, taken: Set<string>): string {
  const base = wanted.slice(0, LONGEST_NAME);
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  taken.add(name);
  return name;
}
