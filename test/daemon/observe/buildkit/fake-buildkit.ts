/** An engine whose BuildKit tells what a test gives it, and that misbehaves where the test says so. */
import { mkdtempSync, rmSync } from 'node:fs';
import {
  createServer as createHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttp2, type Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { ConnectRouter, HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  BuildHistoryEventSchema,
  Control,
  StatusResponseSchema,
} from '../../../../daemon/observe/buildkit/generated/control_pb.js';
import type { EngineAddress } from '../../../../daemon/observe/docker/engine-address.js';

export type HistoryMessage = MessageInitShape<typeof BuildHistoryEventSchema>;
export type StatusMessage = MessageInitShape<typeof StatusResponseSchema>;

/** A stream that a test adds to while it is read; every reader gets it from the beginning. */
export class Tape<Message> {
  readonly #messages: Message[] = [];
  #ended = false;
  #waiting: (() => void)[] = [];

  push(...messages: Message[]): this {
    this.#messages.push(...messages);
    this.#wake();
    return this;
  }

  end(): this {
    this.#ended = true;
    this.#wake();
    return this;
  }

  async *read(signal: AbortSignal, from = 0): AsyncGenerator<Message> {
    signal.addEventListener('abort', () => this.#wake());
    for (let next = from; !signal.aborted; ) {
      if (next < this.#messages.length) yield this.#messages[next++]!;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  get length(): number {
    return this.#messages.length;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export class FakeBuildkit {
  readonly #folder = mkdtempSync(join(tmpdir(), 'netmeter-buildkit-'));
  readonly #connections = new Set<Socket>();
  readonly #http: Server;
  readonly #http2: Http2Server;
  /** What is told to whoever listens, from now on. */
  readonly events = new Tape<HistoryMessage>();
  /** What the history holds when it is asked. */
  history: HistoryMessage[] = [];
  /** Per ref. */
  readonly statuses = new Map<string, Tape<StatusMessage>>();
  /** How often each call was made: `/grpc`, `listen`, `history`, `status <ref>`. */
  readonly calls = new Map<string, number>();
  /** Answers in place of BuildKit. */
  instead: Partial<ServiceImpl<typeof Control>> = {};
  onUpgrade: (socket: Socket) => void;

  constructor() {
    this.#http2 = createHttp2(connectNodeAdapter({ routes: (router) => this.#routes(router) }));
    this.#http2.on('sessionError', () => {});
    this.onUpgrade = (socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
      this.speakGrpc(socket);
    };
    this.#http = createHttp((request, response) => this.onRequest(response, request));
    this.#http.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#connections.delete(socket));
    });
    this.#http.on('upgrade', (_request, socket) => {
      this.count('/grpc');
      this.onUpgrade(socket as Socket);
    });
  }

  onRequest(response: ServerResponse, _request: IncomingMessage): void {
    response.writeHead(404).end('{"message":"page not found"}');
  }

  get address(): EngineAddress {
    const socketPath = join(this.#folder, 'docker.sock');
    return { kind: 'unix', socketPath, name: 'fake', url: `unix://${socketPath}`, source: 'a test' };
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(join(this.#folder, 'docker.sock'), resolve));
    return this;
  }

  speakGrpc(socket: Socket): void {
    this.#http2.emit('connection', socket);
  }

  status(ref: string): Tape<StatusMessage> {
    const tape = this.statuses.get(ref) ?? new Tape<StatusMessage>();
    this.statuses.set(ref, tape);
    return tape;
  }

  count(call: string): void {
    this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
  }

  /** Breaks all connections, as a crash does. */
  disconnect(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  async close(): Promise<void> {
    this.disconnect();
    await new Promise((resolve) => this.#http.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #routes(router: ConnectRouter): void {
    const fake = this;
    router.service(Control, {
      async *listenBuildHistory(request, context: HandlerContext) {
        fake.count(request.earlyExit ? 'history' : 'listen');
        if (fake.instead.listenBuildHistory) {
          yield* fake.instead.listenBuildHistory(request, context);
        } else if (request.earlyExit) {
          for (const event of fake.history) yield create(BuildHistoryEventSchema, event);
        } else {
          const events = fake.events.read(context.signal, fake.events.length);
          for await (const event of events) yield create(BuildHistoryEventSchema, event);
        }
      },
      async *status(request, context) {
        fake.count(`status ${request.ref}`);
        if (fake.instead.status) {
          yield* fake.instead.status(request, context);
          return;
        }
        for await (const message of fake.status(request.ref).read(context.signal)) {
          yield create(StatusResponseSchema, message);
        }
      },
    });
  }
}
