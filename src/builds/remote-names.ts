/**
 * Names for what a step talked to, where none was heard: of whom its instruction speaks, or whose image it is.
 * That is a guess, since mirrors, redirects and content networks have other names, and is told as one.
 */
import type { RemoteUsage } from '../metering/usage.js';
import { type SourceEndpoint, stepEndpoints, urlEndpoint } from './step-sources.js';
import type { Build, Step } from './types.js';

/** Where a name comes from that nobody was heard to say. */
export const BY_INSTRUCTION = 'instruction';

/** Up to the end of the host and its port, which no variable may follow: it could go on there. */
const URL_TEXT =
  /\b(?:https?|git|ftp):\/\/(?:[^\s/@"']{1,128}@)?[A-Za-z0-9._-]{1,253}(?::\d{1,5})?(?=[/?#\s"'`)>;|&,]|$)/g;
const MOST_URLS = 64;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)+$/i;
const ADDRESS = /^[\d.]+$/;

/**
 * The same remotes, those without a name by the only host that can be meant: one that the step names for that port, and
 * that was not heard to be another of its remotes.
 */
export function namedByInstruction(
  build: Build,
  step: Step,
  remotes: readonly RemoteUsage[],
): readonly RemoteUsage[] {
  if (!remotes.some((remote) => isNameless(remote))) return remotes;
  const heard = new Set(remotes.flatMap(({ name }) => name ?? []));
  const hosts = endpointsOf(build, step).filter(({ host }) => isHostName(host) && !heard.has(host));
  return remotes.map((remote) => {
    if (!isNameless(remote)) return remote;
    const meant = new Set(hosts.filter((host) => isAt(host, remote.port)).map(({ host }) => host));
    const [name] = meant;
    return name === undefined || meant.size > 1 ? remote : { ...remote, name, nameSource: BY_INSTRUCTION };
  });
}

/** Proxies and neighbours are not who an instruction speaks of. */
function isNameless(remote: RemoteUsage): boolean {
  return remote.name === null && remote.class === 'wan' && remote.protocol === 'tcp';
}

function endpointsOf(build: Build, step: Step): SourceEndpoint[] {
  if (step.kind !== 'run') return stepEndpoints(step, build);
  const urls = (step.instruction.match(URL_TEXT) ?? []).slice(0, MOST_URLS);
  return urls.map(urlEndpoint).filter((endpoint) => endpoint !== undefined);
}

/** Ports of 32768 and above are not told apart, and are 0. */
function isAt({ port }: SourceEndpoint, remotePort: number): boolean {
  if (port === undefined) return [80, 443].includes(remotePort);
  return port >= 32_768 ? remotePort === 0 : port === remotePort;
}

function isHostName(host: string): boolean {
  return HOST_NAME.test(host) && !ADDRESS.test(host);
}
