import { NetmeterError } from '../../../src/errors.js';
import { contextHost, currentContext } from './docker-context.js';

export type EngineAddress = {
  /** For people and for owners: a context's name, `default`, or the address as it was given. */
  name: string;
  /** As it was given: `unix:///var/run/docker.sock`. */
  url: string;
  /** Who said so, for messages. */
  source: string;
} & ({ kind: 'unix'; socketPath: string } | { kind: 'tcp'; host: string; port: number });

export interface EngineAddressInputs {
  /** What `--docker-host` said. */
  dockerHost?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
}

export const DEFAULT_HOST = 'unix:///var/run/docker.sock';
const DEFAULT_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Which engine is meant, in the order of Docker's own client: the option, `DOCKER_HOST`,
 * `DOCKER_CONTEXT`, the current context, the default socket.
 *
 * @throws engine-unsupported for ssh, npipe and TLS; not-found for a context that does not exist;
 *   unreadable-input for a damaged configuration
 */
export function resolveEngine({ dockerHost, env, homeDir }: EngineAddressInputs): EngineAddress {
  if (dockerHost) return parseHost(dockerHost, '--docker-host', env);
  if (env.DOCKER_HOST) return parseHost(env.DOCKER_HOST, 'DOCKER_HOST', env);
  const configDir = env.DOCKER_CONFIG || `${homeDir}/.docker`;
  const context = env.DOCKER_CONTEXT || currentContext(configDir);
  if (context === undefined || context === 'default') return parseHost(DEFAULT_HOST, 'the default', env);
  const address = parseHost(contextHost(configDir, context), `Docker context ${context}`, {});
  return { ...address, name: context };
}

function parseHost(given: string, source: string, env: EngineAddressInputs['env']): EngineAddress {
  const match = /^([a-z]+):\/\/(.*)$/.exec(given);
  const base = { name: given === DEFAULT_HOST ? 'default' : given, url: given, source };
  if (match?.[1] === 'unix') {
    return { ...base, kind: 'unix', socketPath: match[2] || DEFAULT_HOST.slice('unix://'.length) };
  }
  if (match?.[1] === 'tcp') return { ...base, kind: 'tcp', ...hostAndPort(given, source, env) };
  throw new NetmeterError('engine-unsupported', `${source} says ${given}, which netmeter cannot connect to`, {
    hint: 'give an engine of this machine, such as --docker-host unix:///var/run/docker.sock',
  });
}

function hostAndPort(
  given: string,
  source: string,
  env: EngineAddressInputs['env'],
): { host: string; port: number } {
  let url: URL;
  try {
    // A scheme that URL knows, so that it checks host and port.
    url = new URL(given.replace(/^tcp:/, 'http:'));
  } catch (cause) {
    throw new NetmeterError('engine-unsupported', `${source} says ${given}, which is no address`, {
      hint: 'write it as tcp://HOST:PORT',
      cause,
    });
  }
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  if (env.DOCKER_TLS_VERIFY || port === TLS_PORT) {
    throw new NetmeterError('engine-unsupported', `${source} says ${given}, which asks for TLS`, {
      hint: 'netmeter meters engines of this machine: use their Unix socket',
    });
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}
