/** An engine that plays back what a real one answered, and that tests may let misbehave in one place. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineAddress } from '../../../../daemon/observe/docker/engine-address.js';

export type Handler = (response: ServerResponse, request: IncomingMessage) => void;
export type Route = '_ping' | 'info' | 'version' | 'list' | 'inspect' | 'stats' | 'events';

const recorded = new URL('../../../fixtures/docker/', import.meta.url);
const ROUTES: [RegExp, Route][] = [
  [/^\/_ping$/, '_ping'],
  [/^\/v[\d.]+\/info$/, 'info'],
  [/^\/v[\d.]+\/version$/, 'version'],
  [/^\/v[\d.]+\/containers\/json\?/, 'list'],
  [/^\/v[\d.]+\/containers\/[0-9a-f]{64}\/json$/, 'inspect'],
  [/^\/v[\d.]+\/containers\/[0-9a-f]{64}\/stats\?/, 'stats'],
  [/^\/v[\d.]+\/events\?/, 'events'],
];

export function recordedText(file: string, engine = '28.5'): string {
  return readFileSync(new URL(`${engine}/${file}`, recorded), 'utf8');
}

export function recordedJson(file: string, engine?: string): Record<string, unknown> {
  return JSON.parse(recordedText(file, engine));
}

export class FakeEngine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'netmeter-engine-'));
  readonly #connections = new Set<Socket>();
  readonly #answers: Partial<Record<Route, Handler>>;
  readonly #server: Server;
  #streams: ServerResponse[] = [];
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];

  constructor(answers: Partial<Record<Route, Handler>> = {}) {
    this.#answers = answers;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
  }

  get socketPath(): string {
    return join(this.#folder, 'docker.sock');
  }

  get address(): EngineAddress {
    const { socketPath } = this;
    return { kind: 'unix', socketPath, name: 'fake', url: `unix://${socketPath}`, source: 'a test' };
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.socketPath, resolve));
    return this;
  }

  /** Answers one route in another way from now on. */
  set(route: Route, handler: Handler): void {
    this.#answers[route] = handler;
  }

  /** Sends to everybody who listens to the events. */
  emit(...lines: string[]): void {
    for (const stream of this.#streams) for (const line of lines) stream.write(`${line}\n`);
  }

  /** Breaks all connections, as a crash does. */
  disconnect(): void {
    for (const socket of this.#connections) socket.destroy();
    this.#streams = [];
  }

  async close(): Promise<void> {
    this.disconnect();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.asked.push(path);
    const route = ROUTES.find(([pattern]) => pattern.test(path))?.[1];
    const handler = route && (this.#answers[route] ?? this.#recorded(route));
    if (handler === undefined) response.writeHead(404).end('{"message":"page not found"}');
    else handler(response, request);
  }

  #recorded(route: Route): Handler {
    if (route === '_ping') {
      return (response) =>
        response.writeHead(200, { 'Api-Version': '1.51', 'Builder-Version': '2' }).end('OK');
    }
    if (route === 'events') {
      return (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
        this.#streams.push(response);
      };
    }
    return json(recordedText(`${route}.json`));
  }
}

export function json(body: string, status = 200): Handler {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
  };
}
