import type { EngineAddress } from './engine-address.js';
import type { EngineClient, EnginePing } from './engine-client.js';
import { nonsense } from './engine-errors.js';
import type { FoundEngine } from './engine-processes.js';
import { asList, asRecord, asText, type JsonRecord } from './json-value.js';
import type { EngineFacts } from './types.js';

/** BuildKit's history came with Engine 24.0, which speaks API 1.43. */
const HISTORY_API = 43;

/** @throws engine-nonsense when its answers are no engine's, and what EngineClient throws */
export async function readEngineFacts(
  client: EngineClient,
  ping: EnginePing,
  found: FoundEngine,
  signal?: AbortSignal,
): Promise<EngineFacts> {
  const { address } = client;
  const info = asRecord(await client.getJson('/info', { signal }));
  const version = asText(info.ServerVersion);
  if (version === undefined) throw nonsense(address, 'its answer to /info names no version');
  const components = asList(asRecord(await client.getJson('/version', { signal })).Components);
  const registries = asRecord(info.RegistryConfig);
  const operatingSystem = asText(info.OperatingSystem);
  return {
    name: address.name,
    id: asText(info.ID),
    version,
    apiVersion: ping.apiVersion,
    rootDir: asText(info.DockerRootDir),
    operatingSystem,
    storageDriver: asText(info.Driver),
    containerdImageStore: asList(info.DriverStatus).some((pair) =>
      String(asList(pair)[1]).startsWith('io.containerd.snapshotter'),
    ),
    containerdVersion: componentVersion(components, 'containerd'),
    containerdAddress: asText(asRecord(info.Containerd).Address),
    cgroupDriver: asText(info.CgroupDriver),
    cgroupVersion: asText(info.CgroupVersion),
    elsewhere: operatingSystem === 'Docker Desktop' || !isOfThisMachine(address),
    rootless: asList(info.SecurityOptions).some((option) => String(option).startsWith('name=rootless')),
    registryMirrors: mirrors(registries),
    httpProxy: asText(info.HttpProxy),
    httpsProxy: asText(info.HttpsProxy),
    buildkitByDefault: ping.buildkitByDefault,
    buildHistory: Number(ping.apiVersion.split('.')[1]) >= HISTORY_API,
    pid: found.pid,
    processes: found.processes,
  };
}

function componentVersion(components: readonly unknown[], name: string): string | undefined {
  const component = components.map(asRecord).find((each) => each.Name === name);
  return asText(component?.Version);
}

function mirrors(registries: JsonRecord): string[] {
  const hub = asRecord(asRecord(registries.IndexConfigs)['docker.io']);
  const named = [...asList(registries.Mirrors), ...asList(hub.Mirrors)];
  return [...new Set(named.flatMap((mirror) => asText(mirror) ?? []))];
}

/** Whether its containers can be processes of this kernel. */
export function isOfThisMachine(address: EngineAddress): boolean {
  if (address.kind === 'unix') return true;
  return address.host === 'localhost' || address.host === '::1' || address.host.startsWith('127.');
}
