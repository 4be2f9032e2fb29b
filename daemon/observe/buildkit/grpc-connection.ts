import type { Duplex } from 'node:stream';
import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { StatusUpdate } from '../../../src/builds/status.js';
import type { EngineAddress } from '../docker/engine-address.js';
import type { BuildkitConnection, HistoryEvent } from './connection.js';
import { toHistoryEvent, toStatusUpdate } from './convert.js';
import { Control } from './generated/control_pb.js';
import { grpcError } from './grpc-error.js';

/** Engines split a build's replay into messages of little more than 1 MiB of logs (seen on Engine 28). */
const MOST_MESSAGE_BYTES = 64 << 20;

/** BuildKit's control service over one connection, which is not opened anew when it ends. */
export class GrpcConnection implements BuildkitConnection {
  readonly #socket: Duplex;
  readonly #address: EngineAddress;
  readonly #client: Client<typeof Control>;
  #used = false;

  constructor(socket: Duplex, address: EngineAddress) {
    this.#socket = socket;
    this.#address = address;
    // Without a listener an error of the socket would end the process; streams report it.
    socket.on('error', () => {});
    const transport = createGrpcTransport({
      baseUrl: 'http://buildkit',
      nodeOptions: { createConnection: () => this.#takeSocket() },
      acceptCompression: [],
      readMaxBytes: MOST_MESSAGE_BYTES,
      binaryOptions: { readUnknownFields: false },
    });
    this.#client = createClient(Control, transport);
  }

  async *history(
    request: { activeOnly: boolean; earlyExit: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<HistoryEvent> {
    try {
      for await (const event of this.#client.listenBuildHistory(request, { signal })) {
        const converted = toHistoryEvent(event);
        if (converted) yield converted;
      }
    } catch (error) {
      throw this.#error(error, signal);
    }
  }

  async *status(ref: string, signal: AbortSignal): AsyncGenerator<StatusUpdate> {
    try {
      for await (const response of this.#client.status({ ref }, { signal })) yield toStatusUpdate(response);
    } catch (error) {
      throw this.#error(error, signal);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  #takeSocket(): Duplex {
    if (this.#used) throw new Error('the connection has ended');
    this.#used = true;
    return this.#socket;
  }

  #error(error: unknown, signal: AbortSignal): unknown {
    return signal.aborted ? signal.reason : grpcError(this.#address, error, this.closed);
  }
}
