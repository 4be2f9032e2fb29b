import { readFileSync } from 'node:fs';

/** Engines by the short names that the lab uses in its paths: 28.5 and 20.10. */
export type EngineName = '28' | '20';

export interface EngineFacts {
  readonly name: EngineName;
  /** `unix://…` */
  readonly dockerHost: string;
  /** The client made for this engine, with its plugins; needs no environment. */
  readonly client: string;
  /** The engine's DockerRootDir, the same path inside and outside its chroot. */
  readonly dataDir: string;
  readonly bridge: string;
  readonly pid: number;
  /** Directory of the engine's own cgroup. */
  readonly cgroup: string;
}

export interface LabFacts {
  readonly uplink: string;
  readonly netns: string;
  readonly serverV4: string;
  readonly serverV6: string;
  /** Base URLs of the origin server, without a slash at the end. */
  readonly origin: string;
  readonly originV6: string;
  readonly originSocket: string;
  readonly registry: string;
  /** Base URL of the npm registry. */
  readonly npmRegistry: string;
  /** Program of an npm registry; undefined where an older lab is up. */
  readonly verdaccio: string | undefined;
  readonly engines: readonly EngineFacts[];
}

const FACTS_FILE = '/run/netmeter-lab/env';

/** The facts of the lab that is up, or `undefined`. */
export function readLab(): LabFacts | undefined {
  let text: string;
  try {
    text = readFileSync(FACTS_FILE, 'utf8');
  } catch {
    return undefined;
  }
  const values = new Map(text.split('\n').map((line) => splitOnce(line)));
  const get = (key: string): string => {
    const value = values.get(`NETMETER_LAB_${key}`);
    if (value === undefined) throw new Error(`${FACTS_FILE}: no NETMETER_LAB_${key}: run scripts/lab/lab up`);
    return value;
  };
  const names: EngineName[] = ['28', '20'];
  return {
    uplink: get('UPLINK'),
    netns: get('NETNS'),
    serverV4: get('SERVER_V4'),
    serverV6: get('SERVER_V6'),
    origin: get('ORIGIN'),
    originV6: get('ORIGIN_V6'),
    originSocket: get('ORIGIN_SOCKET'),
    registry: get('REGISTRY'),
    npmRegistry: get('NPM_REGISTRY'),
    verdaccio: values.get('NETMETER_LAB_VERDACCIO'),
    engines: names
      .filter((name) => values.has(`NETMETER_LAB_DOCKER_HOST_${name}`))
      .map((name) => ({
        name,
        dockerHost: get(`DOCKER_HOST_${name}`),
        client: get(`DOCKER_${name}`),
        dataDir: get(`DATA_${name}`),
        bridge: get(`BRIDGE_${name}`),
        pid: Number(get(`ENGINE_PID_${name}`)),
        cgroup: get(`ENGINE_CGROUP_${name}`),
      })),
  };
}

/** The facts of the lab. Throws where it is not up. */
export function lab(): LabFacts {
  const facts = readLab();
  if (facts === undefined) throw new Error('the lab is not up: run scripts/lab/lab up --engine both');
  return facts;
}

/** One engine's facts. Throws where it is not up. */
export function engine(name: EngineName): EngineFacts {
  const found = lab().engines.find((facts) => facts.name === name);
  if (found === undefined) throw new Error(`engine ${name} is not up: run scripts/lab/lab up --engine both`);
  return found;
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}
