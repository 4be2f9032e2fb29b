import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { KnownProxy } from '../../../src/proxies/types.js';
import type { LogPosition } from '../../store/proxy-logs.js';
import type { ContainerFacts, OutputWanted } from '../docker/types.js';
import type { Followed } from './followed.js';
import { FollowedLog } from './followed-log.js';
import { FollowedOutput } from './followed-output.js';

/** Where logs of proxies are. */
export interface LogSources {
  /** Directory that a container's files are below as seen from its process, such as /proc/7/root. */
  procRoot: string;
  hostRoot: string;
  container(id: string): Pick<ContainerFacts, 'pid' | 'labels'> | undefined;
  output(containerId: string, wanted: OutputWanted, signal: AbortSignal): Promise<Readable>;
}

/** A log that a proxy may have. */
export interface ProxyLog {
  /** Names it in the store. */
  name: string;
  proxy: string;
  /** For people: `at /var/log/…`. */
  where: string;
  follow(at: LogPosition | undefined): Followed;
}

/** Where the well-known ones write, as they are delivered. */
const PATHS: Readonly<Record<string, string>> = {
  squid: '/var/log/squid/access.log',
  'apt-cacher-ng': '/var/log/apt-cacher-ng/apt-cacher.log',
  nginx: '/var/log/nginx/access.log',
};
/** A container's own word on the log_format of the nginx in it. */
const FORMAT_LABEL = 'netmeter.log-format';

export function logsOf(proxy: KnownProxy, sources: LogSources): ProxyLog[] {
  const { name, kind, place, ownerId } = proxy;
  const path = PATHS[kind ?? ''];
  if (place === 'host') return path === undefined ? [] : [fileLog(name, 'host', sources.hostRoot, path)];
  const id = place === 'container' ? /^container:(.+)$/.exec(ownerId ?? '')?.[1] : undefined;
  const container = id === undefined ? undefined : sources.container(id);
  if (id === undefined || container?.pid === undefined) return [];
  const root = join(sources.procRoot, String(container.pid), 'root');
  const file = path === undefined ? [] : [fileLog(name, `container:${id}`, root, path)];
  return [...file, outputLog(name, id, container.labels[FORMAT_LABEL], sources)];
}

function fileLog(proxy: string, owner: string, root: string, path: string): ProxyLog {
  const name = `${owner} ${path}`;
  const follow = (at: LogPosition | undefined) => new FollowedLog({ log: name, proxy, root, path }, at);
  return { name, proxy, where: `at ${path}`, follow };
}

function outputLog(proxy: string, id: string, format: string | undefined, sources: LogSources): ProxyLog {
  const name = `container:${id} stdout`;
  const open = (wanted: OutputWanted, signal: AbortSignal) => sources.output(id, wanted, signal);
  const follow = (at: LogPosition | undefined) => new FollowedOutput({ log: name, proxy, format, open }, at);
  return { name, proxy, where: 'on its standard output', follow };
}
