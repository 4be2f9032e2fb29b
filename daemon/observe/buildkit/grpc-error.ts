import { Code, ConnectError } from '@connectrpc/connect';
import { NetmeterError } from '../../../src/errors.js';
import type { EngineAddress } from '../docker/engine-address.js';
import { nonsense } from '../docker/engine-errors.js';

const UNREADABLE: ReadonlySet<Code> = new Set([Code.Internal, Code.Unknown, Code.InvalidArgument]);

/**
 * What a failed call says about the engine.
 *
 * @param gone whether the connection has ended
 */
export function grpcError(address: EngineAddress, error: unknown, gone: boolean): NetmeterError {
  if (error instanceof NetmeterError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  if (code === Code.Unimplemented) {
    return new NetmeterError(
      'engine-unsupported',
      `the BuildKit of the Docker engine at ${address.url} keeps no history of builds`,
      { hint: 'upgrade to Docker Engine 24 or later; until then only RUN steps are seen', cause: error },
    );
  }
  if (code === Code.NotFound) {
    return new NetmeterError('not-found', `${address.url}: ${rawMessage}`, { cause: error });
  }
  if (code === Code.PermissionDenied || code === Code.Unauthenticated) {
    return new NetmeterError('permission-denied', `${address.url}: ${rawMessage}`, {
      hint: "an authorization plugin of the engine refuses BuildKit's history; allow POST /grpc",
      cause: error,
    });
  }
  // A connection that breaks off cancels its calls; what cannot be read has one of these codes.
  if (isProtocolError(error) || (UNREADABLE.has(code) && !gone) || code === Code.ResourceExhausted) {
    return nonsense(address, `its gRPC makes no sense: ${rawMessage}`, error);
  }
  return new NetmeterError('engine-unreachable', `the BuildKit at ${address.url} went away: ${rawMessage}`, {
    hint: 'netmeter connects again by itself; see whether the engine runs: docker info',
    cause: error,
  });
}

function isProtocolError(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ((at as NodeJS.ErrnoException).code === 'ERR_HTTP2_ERROR') return true;
  }
  return false;
}
