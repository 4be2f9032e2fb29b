import type { Remote } from '../metering/types.js';
import { addSources, isLookup } from './step-name.js';
import type { Build, Step } from './types.js';

/** Where something comes from. Port undefined: 80 or 443, whichever the registry speaks. */
export interface SourceEndpoint {
  host: string;
  port: number | undefined;
}

const SCHEME_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443, 'git:': 9418, 'ssh:': 22 };

/** What a step fetches, as its name has it: image references, URLs. Hostile input. */
export function stepSources(step: Step, build: Build): string[] {
  const { instruction } = step;
  if (isLookup(instruction)) return [imageIn(instruction.slice(instruction.lastIndexOf(' ') + 1))];
  if (step.kind === 'from') return [imageIn(instruction.replace(/^FROM (?:--\S+ )*/, ''))];
  if (instruction === 'load remote build context') return build.context === undefined ? [] : [build.context];
  if (instruction.startsWith('load git source ')) return [instruction.slice('load git source '.length)];
  if (step.kind !== 'add' && step.kind !== 'git') return [];
  return /^ADD\s/.test(instruction) ? addSources(instruction) : [instruction];
}

/** The hosts that a step's source names. A mirror, a redirect or a proxy may stand in for them. */
export function stepEndpoints(step: Step, build: Build): SourceEndpoint[] {
  const read = step.kind === 'add' || step.kind === 'git' ? urlEndpoint : imageEndpoint;
  return stepSources(step, build)
    .map(read)
    .filter((endpoint) => endpoint !== undefined);
}

/** @param addressesOf the addresses that a host name stood for, as far as known */
export function endpointMatches(
  endpoint: SourceEndpoint,
  remote: Remote,
  addressesOf: (host: string) => readonly string[],
): boolean {
  // A remote's port is 0 when it is not a service's well-known one.
  const ports = endpoint.port === undefined ? [80, 443, 0] : [endpoint.port, 0];
  if (!ports.includes(remote.port)) return false;
  return endpoint.host === remote.address || addressesOf(endpoint.host).includes(remote.address);
}

/** `busybox:latest` of `docker-image://busybox:latest@sha256:…`. */
function imageIn(text: string): string {
  return text.replace(/^(?:docker-image|oci-layout):\/\//, '').replace(/@sha(?:256|512):[0-9a-f]+$/, '');
}

/** The registry that an image reference means; Docker Hub when it names none. */
export function imageEndpoint(image: string): SourceEndpoint {
  const first = image.includes('/') ? image.slice(0, image.indexOf('/')) : '';
  const isHost = /[.:]/.test(first) || first === 'localhost';
  if (!isHost || first === 'docker.io') return { host: 'registry-1.docker.io', port: 443 };
  const [, host = first, port] = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(first) ?? [];
  return { host, port: port === undefined ? undefined : Number(port) };
}

/** The host of a URL, and the port that it or its scheme names; undefined for what is none. */
export function urlEndpoint(source: string): SourceEndpoint | undefined {
  const scp = /^git@([^:/]+):/.exec(source);
  if (scp) return { host: scp[1]!, port: 22 };
  try {
    const { hostname, port, protocol } = new URL(source);
    const host = hostname.replace(/^\[|\]$/g, '');
    return host === '' ? undefined : { host, port: port === '' ? SCHEME_PORTS[protocol] : Number(port) };
  } catch {
    return undefined;
  }
}
