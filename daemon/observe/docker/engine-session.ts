import type { IncomingMessage } from 'node:http';
import { NetmeterError } from '../../../src/errors.js';
import { peerCredentials, socketFd } from '../../sys/socket-options.js';
import { readLines, TooLong } from './bounded-body.js';
import { type DockerEvent, EVENT_FILTERS, parseEvent } from './docker-events.js';
import type { EngineAddress } from './engine-address.js';
import { EngineClient, type EnginePing } from './engine-client.js';
import { nonsense } from './engine-errors.js';
import { isOfThisMachine, readEngineFacts } from './engine-facts.js';
import { type FoundEngine, findEngine } from './engine-processes.js';
import { wouldWakeEngine } from './listening-socket.js';
import type { EngineFacts, OutputWanted } from './types.js';

/** Labels come with every event; an engine takes some 100 KB of them. */
const MOST_EVENT_BYTES = 4 << 20;
const PATIENCE = 5000;

export interface EngineSnapshot {
  engine: EngineFacts;
  /** See FoundEngine. */
  identity: string | undefined;
  /** The answer to `GET /containers/json?all=1`. */
  list: unknown;
}

/** One connection to an engine, from the first question to the end of its events. */
export class EngineSession {
  readonly #client: EngineClient;
  readonly #procRoot: string;
  #stream: IncomingMessage | undefined;
  #reading: Promise<void> | undefined;
  #deliver: (event: DockerEvent) => void;
  #early: DockerEvent[] = [];
  #ping: EnginePing | undefined;
  #found: FoundEngine | undefined;

  constructor(address: EngineAddress, procRoot: string) {
    this.#client = new EngineClient(address);
    this.#procRoot = procRoot;
    this.#deliver = (event) => this.#early.push(event);
  }

  /**
   * Subscribes to the events, then takes stock, so that nothing falls between the two.
   * @param after `order` of the newest event that is known; the engine repeats what came after it, as far
   *   as it remembers (256 events)
   */
  async connect(after: number | undefined, signal: AbortSignal): Promise<EngineSnapshot> {
    const { address } = this.#client;
    if (address.kind === 'unix' && wouldWakeEngine(this.#procRoot, address.socketPath)) throw asleep(address);
    const ping = await this.#client.negotiate({ signal, deadline: PATIENCE });
    this.#ping = ping;
    this.#stream = await this.#client.open(eventsPath(after, ping.date), signal);
    this.#reading = this.#read(this.#stream, after ?? 0);
    // follow() tells of its failure; before that, the questions below fail as well.
    this.#reading.catch(() => {});
    this.#found = this.#find(this.#stream);
    const engine = await this.engineFacts(signal);
    const list = await this.#client.getJson('/containers/json?all=1', { signal });
    return { engine, identity: this.#found.identity, list };
  }

  /** Delivers the events since `connect()` began. Returns when the engine ends them. */
  async follow(deliver: (event: DockerEvent) => void): Promise<void> {
    for (const event of this.#early) deliver(event);
    this.#early = [];
    this.#deliver = deliver;
    await this.#reading;
  }

  engineFacts(signal: AbortSignal): Promise<EngineFacts> {
    return readEngineFacts(this.#client, this.#ping!, this.#found!, signal);
  }

  /** @returns undefined when there is no such container any more */
  async inspect(id: string, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#client.getJson(`/containers/${id}/json`, { signal });
    } catch (error) {
      if (error instanceof NetmeterError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  /** What a container writes on its standard output, with times, until it or the signal ends it. */
  output(id: string, wanted: OutputWanted, signal: AbortSignal): Promise<IncomingMessage> {
    const which = 'tail' in wanted ? `tail=${wanted.tail}` : `since=${wanted.since}`;
    return this.#client.open(`/containers/${id}/logs?stdout=1&follow=1&timestamps=1&${which}`, signal);
  }

  close(): void {
    this.#stream?.destroy();
    this.#client.close();
  }

  #find(stream: IncomingMessage): FoundEngine {
    const { address } = this.#client;
    if (!isOfThisMachine(address)) return { processes: [], pid: undefined, identity: undefined };
    const fd = address.kind === 'unix' ? socketFd(stream.socket) : undefined;
    let peer: number | undefined;
    try {
      peer = fd === undefined ? undefined : peerCredentials(fd).pid;
    } catch {
      // Without the native library the process table has to do.
    }
    return findEngine(this.#procRoot, address.kind === 'unix' ? address.socketPath : undefined, peer);
  }

  async #read(stream: IncomingMessage, seen: number): Promise<void> {
    const { address } = this.#client;
    try {
      for await (const line of readLines(stream, MOST_EVENT_BYTES)) {
        const event = parseEvent(line);
        if (event !== undefined && event.order > seen) this.#deliver(event);
      }
    } catch (cause) {
      if (cause instanceof TooLong || cause instanceof SyntaxError) {
        throw nonsense(address, `an event makes no sense: ${cause.message}`, cause);
      }
      if ((cause as NodeJS.ErrnoException).code !== 'ECONNRESET') throw cause;
    }
  }
}

function eventsPath(after: number | undefined, engineDate: Date | undefined): string {
  const filters = encodeURIComponent(JSON.stringify(EVENT_FILTERS));
  // The engine begins its answer a moment before it subscribes: ask for the last second again.
  const since =
    after !== undefined ? Math.floor(after / 1e9) : engineDate && Math.floor(engineDate.getTime() / 1000) - 1;
  return `/events?filters=${filters}${since === undefined ? '' : `&since=${since}`}`;
}

function asleep(address: EngineAddress): NetmeterError {
  const message = `the Docker engine at ${address.url} is stopped, and connecting would start it`;
  return new NetmeterError('engine-unreachable', message, {
    hint: 'start it with: sudo systemctl start docker',
  });
}
