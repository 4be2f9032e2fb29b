import { kindOfImage, type ProxyKind } from './kinds.js';
import type { Endpoint, ProxyFinding, ProxyOrigin } from './types.js';

/** What has to be known of a container to tell whether it is a proxy. */
export interface ProxyContainer {
  id: string;
  name: string | undefined;
  image: string | undefined;
  labels: Readonly<Record<string, string>>;
  /** It is a registry that passes on what another one has. */
  isPullThrough?: boolean | undefined;
  publishedPorts: readonly {
    protocol: string;
    hostAddress: string;
    hostPort: number;
    containerPort: number;
  }[];
  addresses: readonly { address: string }[];
}

/** How a container became one without its own doing. */
export interface ContainerChoice {
  name?: string | undefined;
  origin: ProxyOrigin;
  /** Only these of its ports. */
  ports?: readonly number[];
}

const ROLE_LABEL = 'netmeter.role';
const NAME_LABEL = 'netmeter.name';
const PORT_LABEL = 'netmeter.port';
/** Docker's own way of saying "on every address". */
const EVERYWHERE = ['0.0.0.0', '::', ''];

/**
 * The proxy that a container is; undefined when it is none.
 * @param chosen by hand, or by the engine's mirrors
 * @param listening ports that its processes listen on, asked where nothing else tells
 */
export function proxyInContainer(
  container: ProxyContainer,
  chosen: ContainerChoice | undefined,
  listening: () => readonly number[],
): ProxyFinding | undefined {
  const { id, labels, image } = container;
  const role = labels[ROLE_LABEL];
  const known = image === undefined ? undefined : kindOfImage(image);
  const origin = chosen?.origin ?? originOf(container, role, known);
  if (origin === undefined) return undefined;
  const ports = chosen?.ports ?? portsOf(container, known, listening);
  return {
    name: chosen?.name ?? labels[NAME_LABEL] ?? container.name ?? id.slice(0, 12),
    kind: known?.key,
    origin,
    place: 'container',
    ownerId: `container:${id}`,
    endpoints: endpointsOf(container, ports),
    because: ports.length > 0 ? undefined : 'it listens on no port yet',
  };
}

function originOf(
  { isPullThrough }: ProxyContainer,
  role: string | undefined,
  known: ProxyKind | undefined,
): ProxyOrigin | undefined {
  if (role === 'proxy') return 'label';
  // Whoever gave it another role knows better than its image's name.
  if (role !== undefined || known === undefined) return undefined;
  return known.onlyAsMirror === true && isPullThrough !== true ? undefined : 'image';
}

/** By its label, by what is usual for its kind, by what it publishes, by what it listens on. */
function portsOf(
  { labels, publishedPorts }: ProxyContainer,
  known: ProxyKind | undefined,
  listening: () => readonly number[],
): readonly number[] {
  const labelled = (labels[PORT_LABEL] ?? '').split(',').map((text) => Number(text.trim()));
  const named = labelled.filter((port) => Number.isInteger(port) && port > 0 && port <= 65_535);
  if (named.length > 0) return named;
  const published = publishedPorts
    .filter(({ protocol }) => protocol === 'tcp')
    .map(({ containerPort }) => containerPort);
  const usual = known?.ports ?? [];
  if (usual.some((port) => published.includes(port))) return usual;
  if (published.length > 0) return [...new Set([...usual, ...published])];
  const heard = listening();
  return heard.length > 0 ? heard : usual;
}

function endpointsOf({ addresses, publishedPorts }: ProxyContainer, ports: readonly number[]): Endpoint[] {
  const direct = addresses.flatMap(({ address }) =>
    ports.map((port): Endpoint => ({ address, port, protocol: 'tcp' })),
  );
  const published = publishedPorts
    .filter(({ protocol, containerPort }) => protocol === 'tcp' && ports.includes(containerPort))
    .map(({ hostAddress, hostPort }): Endpoint => {
      const address = EVERYWHERE.includes(hostAddress) ? undefined : hostAddress;
      return { address, port: hostPort, protocol: 'tcp' };
    });
  return uniqueEndpoints([...direct, ...published]);
}

export function endpointText({ address, port }: Endpoint): string {
  if (address === undefined) return `*:${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function uniqueEndpoints(endpoints: readonly Endpoint[]): Endpoint[] {
  const seen = new Map(endpoints.map((endpoint) => [endpointText(endpoint), endpoint]));
  return [...seen.values()];
}
