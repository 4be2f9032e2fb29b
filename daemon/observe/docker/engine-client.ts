import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { NetmeterError } from '../../../src/errors.js';
import type { Milliseconds } from '../../../src/units.js';
import { readBody, TooLong } from './bounded-body.js';
import type { EngineAddress } from './engine-address.js';
import { connectionError, nonsense, refusal, tooSlow } from './engine-errors.js';
import { asRecord, asText } from './json-value.js';

/** The newest version that this was tested with, Engine 28.5's, and the oldest, Engine 20.10's. */
const NEWEST_API = 51;
const OLDEST_API = 41;
/** The list of a thousand containers with Dev Containers' labels has some 10 MB. */
const MOST_BODY_BYTES = 64 << 20;
const DEADLINE: Milliseconds = 10_000;
const CONNECTIONS = 4;

export interface EnginePing {
  /** `1.51` */
  apiVersion: string;
  /** What it calls itself: `Docker/28.5.2 (linux)`. */
  server: string | undefined;
  buildkitByDefault: boolean;
  /** The engine's clock, to a second. */
  date: Date | undefined;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** For the whole answer. */
  deadline?: Milliseconds;
}

/**
 * The Docker Engine API over a Unix socket or TCP (docs.docker.com/reference/api/engine). Connections are
 * kept for a few seconds, so that a burst of questions does not open one each.
 */
export class EngineClient {
  readonly #address: EngineAddress;
  #agent: Agent | undefined;
  #version: string | undefined;

  constructor(address: EngineAddress) {
    this.#address = address;
  }

  get address(): EngineAddress {
    return this.#address;
  }

  /** Agrees on a version of the API. To be called before anything else, and again after a reconnect. */
  async negotiate(options: CallOptions = {}): Promise<EnginePing> {
    const { response } = await this.#get('/_ping', options);
    const { headers } = response;
    const offered = /^1\.(\d+)$/.exec(String(headers['api-version'] ?? ''))?.[1];
    if (offered === undefined) {
      throw nonsense(this.#address, 'its answer to /_ping names no version of the API');
    }
    if (Number(offered) < OLDEST_API) {
      const message = `the Docker engine at ${this.#address.url} speaks API 1.${offered}`;
      throw new NetmeterError('engine-unsupported', `${message}, netmeter needs 1.${OLDEST_API}`, {
        hint: 'upgrade to Docker Engine 20.10 or later',
      });
    }
    this.#version = `1.${Math.min(Number(offered), NEWEST_API)}`;
    const date = new Date(headers.date ?? '');
    return {
      apiVersion: this.#version,
      server: asText(headers.server),
      buildkitByDefault: headers['builder-version'] === '2',
      date: Number.isNaN(date.getTime()) ? undefined : date,
    };
  }

  /**
   * @param path without the version: `/containers/json?all=1`
   * @throws not-found, permission-denied, engine-unreachable, engine-nonsense, engine-unsupported
   */
  async getJson(path: string, options: CallOptions = {}): Promise<unknown> {
    const { body } = await this.#get(this.#versioned(path), options);
    try {
      return JSON.parse(body.toString());
    } catch (cause) {
      throw nonsense(this.#address, `it answered ${path} with ${excerpt(body)}`, cause);
    }
  }

  /** An answer that does not end: its body, once the engine has begun it. The signal ends it. */
  async open(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.#send(this.#versioned(path), signal, DEADLINE);
    if (response.statusCode === 200) return response;
    throw await this.#refused(path, response, signal);
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  #versioned(path: string): string {
    if (this.#version === undefined) throw new Error('negotiate() comes first');
    return `/v${this.#version}${path}`;
  }

  async #get(path: string, options: CallOptions): Promise<{ response: IncomingMessage; body: Buffer }> {
    const { signal, deadline = DEADLINE } = options;
    this.#agent ??= new Agent({ keepAlive: true, maxSockets: CONNECTIONS, timeout: 5000 });
    const response = await this.#send(path, signal, deadline, this.#agent);
    if (response.statusCode !== 200) throw await this.#refused(path, response, signal);
    return { response, body: await this.#read(path, response, signal) };
  }

  async #read(path: string, response: IncomingMessage, signal: AbortSignal | undefined): Promise<Buffer> {
    try {
      return await readBody(response, MOST_BODY_BYTES);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof NetmeterError) throw cause;
      const why = cause instanceof TooLong ? cause.message : 'its answer breaks off';
      throw nonsense(this.#address, `${why} (${path})`, cause);
    }
  }

  async #refused(
    path: string,
    response: IncomingMessage,
    signal: AbortSignal | undefined,
  ): Promise<NetmeterError> {
    const body = await this.#read(path, response, signal);
    let said: string | undefined;
    try {
      said = asText(asRecord(JSON.parse(body.toString())).message);
    } catch (cause) {
      return nonsense(
        this.#address,
        `it answered ${path} with ${response.statusCode}, ${excerpt(body)}`,
        cause,
      );
    }
    return refusal(this.#address, path, response.statusCode ?? 0, said);
  }

  /** The deadline holds for the beginning of a stream, and for all of any other answer. */
  #send(
    path: string,
    signal: AbortSignal | undefined,
    deadline: Milliseconds,
    agent?: Agent,
  ): Promise<IncomingMessage> {
    const address = this.#address;
    const options: RequestOptions =
      address.kind === 'unix'
        ? { socketPath: address.socketPath }
        : { host: address.host, port: address.port };
    return new Promise((resolve, reject) => {
      const call = request({
        ...options,
        path,
        agent: agent ?? false,
        headers: { host: 'docker' },
        ...(signal && { signal }),
      });
      let answer: IncomingMessage | undefined;
      const timer = setTimeout(() => (answer ?? call).destroy(tooSlow(address, path, deadline)), deadline);
      call.on('response', (response) => {
        answer = response;
        if (agent === undefined && response.statusCode === 200) clearTimeout(timer);
        response.on('close', () => clearTimeout(timer));
        resolve(response);
      });
      call.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        // The engine may have closed a kept connection at the moment it was used again.
        const stale = call.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        if (signal?.aborted) reject(signal.reason);
        else if (stale) resolve(this.#send(path, signal, deadline, new Agent()));
        else reject(connectionError(address, error));
      });
      call.end();
    });
  }
}

/** The beginning of an answer that makes no sense, for people. */
function excerpt(body: Buffer): string {
  if (body.length === 0) return 'nothing';
  const text = body
    .subarray(0, 60)
    .toString('latin1')
    .replace(/[^\x20-\x7e]+/g, ' ');
  return `"${text.trim()}${body.length > 60 ? '…' : ''}"`;
}
