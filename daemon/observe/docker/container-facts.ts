/** From the three shapes in which the engine tells of a container to the one in which it is kept. */
import { asCount, asList, asRecord, asText, type JsonRecord } from './json-value.js';
import type { ContainerAddress, ContainerFacts, PublishedPort } from './types.js';

/** What one answer told; what it did not tell is left out. */
export type ContainerNews = Partial<Omit<ContainerFacts, 'id' | 'state' | 'removedAt'>>;

const COMPOSE_PROJECT = 'com.docker.compose.project';
const COMPOSE_SERVICE = 'com.docker.compose.service';
const DEV_CONTAINER_FOLDER = 'devcontainer.local_folder';

/** Labels of Dev Containers hold whole configurations: only those that are of use are kept. */
function keptLabel(name: string): boolean {
  return (
    name === COMPOSE_PROJECT ||
    name === COMPOSE_SERVICE ||
    name === DEV_CONTAINER_FOLDER ||
    /^netmeter\./.test(name)
  );
}

/** @param attributes of a container's event: its labels, and its name and image among them */
export function newsFromEvent(attributes: JsonRecord): ContainerNews {
  const { name, image } = attributes;
  return compact({ name: plainName(name), image: asText(image), ...labelNews(attributes) });
}

/** @param json one element of `GET /containers/json` */
export function newsFromList(json: JsonRecord): ContainerNews {
  // Links add names of the kind `/other/alias`.
  const name = asList(json.Names).find((given) => typeof given === 'string' && given.lastIndexOf('/') <= 0);
  const settings = asRecord(json.NetworkSettings);
  return compact({
    name: plainName(name),
    image: asText(json.Image),
    ...labelNews(asRecord(json.Labels)),
    networkMode: networkMode(json),
    addresses: addresses(settings),
    publishedPorts: asList(json.Ports).flatMap((port) => listedPort(asRecord(port))),
  });
}

/** @param json of `GET /containers/<id>/json` */
export function newsFromInspect(json: JsonRecord): ContainerNews {
  const config = asRecord(json.Config);
  const settings = asRecord(json.NetworkSettings);
  return compact({
    name: plainName(json.Name),
    image: asText(config.Image),
    ...labelNews(asRecord(config.Labels)),
    networkMode: networkMode(json),
    isPullThrough: asList(config.Env).some(isUpstreamRegistry) || undefined,
    addresses: addresses(settings),
    publishedPorts: Object.entries(asRecord(settings.Ports)).flatMap(inspectedPorts),
    pid: asCount(asRecord(json.State).Pid) || undefined,
  });
}

/** `REGISTRY_PROXY_REMOTEURL`: https://distribution.github.io/distribution/recipes/mirror/ */
function isUpstreamRegistry(variable: unknown): boolean {
  return typeof variable === 'string' && /^REGISTRY_PROXY_REMOTEURL=./.test(variable);
}

function plainName(name: unknown): string | undefined {
  return asText(name)?.replace(/^\//, '');
}

function labelNews(labels: JsonRecord): ContainerNews {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) {
    if (keptLabel(name) && typeof value === 'string') kept[name] = value;
  }
  return {
    labels: kept,
    composeProject: kept[COMPOSE_PROJECT],
    composeService: kept[COMPOSE_SERVICE],
    devContainerFolder: kept[DEV_CONTAINER_FOLDER],
  };
}

function networkMode(json: JsonRecord): string | undefined {
  const mode = asText(asRecord(json.HostConfig).NetworkMode);
  return mode === 'default' ? 'bridge' : mode;
}

function addresses(settings: JsonRecord): ContainerAddress[] {
  return Object.entries(asRecord(settings.Networks)).flatMap(([network, value]) => {
    const endpoint = asRecord(value);
    return [asText(endpoint.IPAddress), asText(endpoint.GlobalIPv6Address)].flatMap((address) =>
      address === undefined ? [] : { network, address },
    );
  });
}

function listedPort(port: JsonRecord): PublishedPort[] {
  const hostPort = asCount(port.PublicPort);
  const containerPort = asCount(port.PrivatePort);
  if (!hostPort || !containerPort) return [];
  const hostAddress = asText(port.IP) ?? '0.0.0.0';
  return [{ protocol: asText(port.Type) ?? 'tcp', hostAddress, hostPort, containerPort }];
}

/** `"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]` */
function inspectedPorts([key, bindings]: [string, unknown]): PublishedPort[] {
  const [containerPort, protocol = 'tcp'] = key.split('/');
  return asList(bindings).flatMap((value) => {
    const binding = asRecord(value);
    const hostPort = Number(binding.HostPort);
    if (!(hostPort > 0)) return [];
    const hostAddress = asText(binding.HostIp) ?? '0.0.0.0';
    return [{ protocol, hostAddress, hostPort, containerPort: Number(containerPort) }];
  });
}

function compact(news: ContainerNews): ContainerNews {
  return Object.fromEntries(Object.entries(news).filter(([, value]) => value !== undefined));
}
