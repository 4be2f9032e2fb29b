import type { Duplex } from 'node:stream';
import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { StatusUpdate } from '../../../src/builds/status.js';
import type { CollectionRule } from '../../../src/caches/collect.js';
import type { EngineAddress } from '../docker/engine-address.js';
import { toCollectionRules, toHistoryEvent, toStatusUpdate } from './convert.js';
import { Control } from './generated/control_pb.js';
import { grpcError } from './grpc-error.js';
import { SingleSession } from './single-session.js';
import type { BuildkitConnection, HistoryEvent } from './types.js';

/** Engines split a build's replay into messages of little more than 1 MiB of logs (seen on Engine 28). */
const MOST_MESSAGE_BYTES = 64 << 20;

/** BuildKit's control service over one connection, which is not opened anew when it ends. */
export class GrpcConnection implements BuildkitConnection {
  readonly #address: EngineAddress;
  readonly #session: SingleSession;
  readonly #client: Client<typeof Control>;

  constructor(socket: Duplex, address: EngineAddress) {
    this.#address = address;
    this.#session = new SingleSession(socket);
    const transport = createGrpcTransport({
      baseUrl: this.#session.authority,
      sessionManager: this.#session,
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

  async collectionRules(signal: AbortSignal): Promise<CollectionRule[]> {
    try {
      return toCollectionRules(await this.#client.listWorkers({}, { signal }));
    } catch (error) {
      throw this.#error(error, signal);
    }
  }

  close(): void {
    this.#session.close();
  }

  get closed(): boolean {
    return this.#session.closed;
  }

  #error(error: unknown, signal: AbortSignal): unknown {
    return signal.aborted ? signal.reason : grpcError(this.#address, error, this.closed);
  }
}
