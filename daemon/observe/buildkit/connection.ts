import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { NetmeterError } from '../../../src/errors.js';
import type { EngineAddress } from '../docker/engine-address.js';
import { connectionError } from '../docker/engine-errors.js';
import { hijack } from './hijack.js';
import type { BuildkitConnection } from './types.js';

/**
 * Connects to the BuildKit inside a Docker engine. Engines up to 29.1 turn `POST /grpc` into a connection
 * for gRPC (seen on 20.10 and 28.5). From 29.2 on they speak gRPC on the API's own socket and mean to drop
 * `/grpc`; so that is what is tried where `/grpc` is gone. The second way has not been run against such an
 * engine.
 */
export async function connectBuildkit(
  address: EngineAddress,
  signal: AbortSignal,
): Promise<BuildkitConnection> {
  return openGrpc(address, () => openSocket(address, signal));
}

/** gRPC over a connection. Its library is loaded at the first use, not before. */
export async function openGrpc(
  address: EngineAddress,
  openConnection: () => Promise<Duplex>,
): Promise<BuildkitConnection> {
  const { GrpcConnection } = await import('./grpc-connection.js');
  return new GrpcConnection(await openConnection(), address);
}

async function openSocket(address: EngineAddress, signal: AbortSignal): Promise<Duplex> {
  try {
    return await hijack(address, { path: '/grpc', protocol: 'h2c' }, signal);
  } catch (error) {
    if (!(error instanceof NetmeterError) || error.code !== 'not-found') throw error;
    return openPlainSocket(address, signal);
  }
}

function openPlainSocket(address: EngineAddress, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket =
      address.kind === 'unix'
        ? connect(address.socketPath)
        : connect({ host: address.host, port: address.port });
    const abort = () => socket.destroy(signal.reason);
    signal.addEventListener('abort', abort);
    const settled = () => signal.removeEventListener('abort', abort);
    socket.once('connect', () => {
      settled();
      resolve(socket);
    });
    socket.once('error', (error) => {
      settled();
      reject(signal.aborted ? signal.reason : connectionError(address, error));
    });
  });
}
