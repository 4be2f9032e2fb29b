/** What can be wrong with an engine, in words that say what to do. */
import { readFileSync, statSync } from 'node:fs';
import { NetmeterError } from '../../../src/errors.js';
import type { EngineAddress } from './engine-address.js';

/** An error of the connection, as Node reports it. */
export function connectionError(address: EngineAddress, cause: unknown): NetmeterError {
  if (cause instanceof NetmeterError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const where = `${address.url} (${address.source})`;
  if (code === 'EACCES' || code === 'EPERM') return permissionDenied(address, cause);
  if (code?.startsWith('HPE_')) return nonsense(address, `it does not speak HTTP (${code})`, cause);
  const why =
    code === 'ENOENT'
      ? 'there is no such socket'
      : code === 'ECONNREFUSED'
        ? 'nobody listens there'
        : code === 'ECONNRESET'
          ? 'it closed the connection'
          : message;
  return new NetmeterError('engine-unreachable', `no Docker engine at ${where}: ${why}`, {
    hint: 'start it (sudo systemctl start docker), or say where it is with --docker-host',
    cause,
  });
}

export function tooSlow(address: EngineAddress, path: string, milliseconds: number): NetmeterError {
  const message = `the Docker engine at ${address.url} did not answer ${path} within ${milliseconds} ms`;
  return new NetmeterError('engine-unreachable', message, { hint: 'see whether it hangs with: docker ps' });
}

export function nonsense(address: EngineAddress, what: string, cause?: unknown): NetmeterError {
  return new NetmeterError('engine-nonsense', `${address.url} is no Docker engine: ${what}`, {
    hint: `it was given by ${address.source}; say where the engine is with --docker-host`,
    cause,
  });
}

/** An HTTP status that is not a success. `said` is the engine's own message, if it had one. */
export function refusal(
  address: EngineAddress,
  path: string,
  status: number,
  said: string | undefined,
): NetmeterError {
  const message = `the Docker engine at ${address.url} answered ${path} with ${status}${said ? `: ${said}` : ''}`;
  if (status === 404) return new NetmeterError('not-found', message);
  if (status === 401 || status === 403) {
    return new NetmeterError('permission-denied', message, {
      hint: 'an authorization plugin of the engine refuses to be read; allow GET requests',
    });
  }
  if (status === 400) return new NetmeterError('engine-unsupported', message);
  return new NetmeterError('engine-unreachable', message, {
    hint: 'see what it logged: journalctl -u docker',
  });
}

function permissionDenied(address: EngineAddress, cause: unknown): NetmeterError {
  const path = address.kind === 'unix' ? address.socketPath : address.url;
  const group = socketGroup(path);
  const because = group === undefined ? '' : `: it belongs to the group ${group}`;
  const join = `or join the group: sudo usermod -aG ${group} $USER, then log in again`;
  const usable = group !== undefined && group !== 'root';
  return new NetmeterError('permission-denied', `no permission to talk to ${path}${because}`, {
    hint: usable ? `run netmeter with sudo, ${join}` : 'run netmeter with sudo',
    cause,
  });
}

/** The name of the group whose members may use a socket; its number when it has no name. */
function socketGroup(path: string): string | undefined {
  let gid: number;
  try {
    gid = statSync(path).gid;
  } catch {
    return undefined;
  }
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(gid));
    return line?.split(':')[0] ?? String(gid);
  } catch {
    return String(gid);
  }
}
