import { proxyInContainer } from '../../../src/proxies/container-proxy.js';
import type { Listening } from '../../../src/proxies/proc-net-tcp.js';
import type { ProxyFinding } from '../../../src/proxies/types.js';
import type { ContainerFacts } from '../docker/types.js';
import { type HostPrograms, programAt } from './host-programs.js';

/** A proxy of which only the address is told. */
export interface PlacedProxy {
  name: string;
  origin: 'added' | 'mirror';
  addresses: readonly string[];
  port: number;
}

export interface ProxySurroundings extends HostPrograms {
  /** Running ones. */
  containers: readonly ContainerFacts[];
  sockets: readonly Listening[];
  /** One of the host's own addresses, loopback included. */
  isOwn(address: string): boolean;
}

const EVERYWHERE = ['0.0.0.0', '::'];

/** What stands at an address: a container, a program of the host, or something on another machine. */
export function placedProxy(placed: PlacedProxy, around: ProxySurroundings): ProxyFinding {
  const { name, origin, addresses, port } = placed;
  const own = addresses.filter((address) => around.isOwn(address));
  const found = containerAt(placed, own, around) ?? programOf(placed, own, around);
  if (found !== undefined) return { ...found, name: origin === 'added' ? name : found.name };
  const endpoints = addresses.map((address) => ({ address, port, protocol: 'tcp' as const }));
  const isHere = own.length > 0;
  const because = isHere ? 'nobody listens there' : 'it is on another machine, where nothing is counted';
  return {
    name,
    kind: undefined,
    origin,
    place: isHere ? 'host' : 'elsewhere',
    ownerId: undefined,
    endpoints,
    because: addresses.length === 0 ? 'its name has no address' : because,
  };
}

function containerAt(
  { name, origin, addresses, port }: PlacedProxy,
  own: readonly string[],
  { containers }: ProxySurroundings,
): ProxyFinding | undefined {
  const choice = { origin, name: origin === 'added' ? name : undefined };
  const direct = containers.find((container) =>
    container.addresses.some(({ address }) => addresses.includes(address)),
  );
  if (direct !== undefined) return proxyInContainer(direct, { ...choice, ports: [port] }, () => []);
  if (own.length === 0) return undefined;
  for (const container of containers) {
    const published = container.publishedPorts.find(
      ({ protocol, hostAddress, hostPort }) =>
        protocol === 'tcp' &&
        hostPort === port &&
        (EVERYWHERE.includes(hostAddress) || own.includes(hostAddress)),
    );
    if (published === undefined) continue;
    return proxyInContainer(container, { ...choice, ports: [published.containerPort] }, () => []);
  }
  return undefined;
}

function programOf(
  { origin, port }: PlacedProxy,
  own: readonly string[],
  around: ProxySurroundings,
): ProxyFinding | undefined {
  for (const address of own) {
    const found = programAt(around, around.sockets, { address, port, protocol: 'tcp' }, origin);
    if (found !== undefined) return found;
  }
  return undefined;
}
