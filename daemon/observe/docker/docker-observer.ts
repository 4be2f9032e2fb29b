/**
 * observe/docker: what a Docker engine says of itself and its containers. One connection stays open, on
 * which the engine tells what happens; nothing is polled while it does. When it ends, everything is asked
 * anew and the events in between are replayed, so that no container is missed.
 */
import type { Readable } from 'node:stream';
import { failureOf } from '../../../src/errors.js';
import type { SourceState } from '../../../src/metering/types.js';
import type { EpochMs } from '../../../src/units.js';
import { ContainerTable } from './container-table.js';
import type { DockerEvent } from './docker-events.js';
import type { EngineAddress } from './engine-address.js';
import type { EngineSession, EngineSnapshot } from './engine-session.js';
import { InspectQueue } from './inspect-queue.js';
import { keepConnected } from './keep-connected.js';
import { Listeners } from './listeners.js';
import type { ContainerFacts, EngineChange, EngineFacts, ImagePull, OutputWanted } from './types.js';

export interface DockerObserverOptions {
  address: EngineAddress;
  /** Where the process table is: `/proc`. */
  procRoot: string;
  now: () => EpochMs;
  /** What could not be done, for the log. */
  log: (message: string) => void;
}

const INSPECTIONS = 4;
const NOT_STARTED = new Error('not started');

export class DockerObserver {
  readonly #options: DockerObserverOptions;
  readonly #containers: Listeners<ContainerFacts>;
  readonly #engines: Listeners<EngineChange>;
  readonly #pulls: Listeners<ImagePull>;
  readonly #table: ContainerTable;
  readonly #inspections = new InspectQueue((id) => this.#inspect(id), INSPECTIONS);
  /** What is known of the last connection; `session` and `engine` while it lasts. */
  #session: EngineSession | undefined;
  #engine: EngineFacts | undefined;
  #identity: string | undefined;
  #wasConnected = false;
  /** Order of the newest event that was heard. */
  #newest: number | undefined;
  #failure: Error | undefined = NOT_STARTED;
  #lastDurationMs: number | undefined;
  #lastAt: EpochMs | undefined;
  #controller = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: DockerObserverOptions) {
    this.#options = options;
    const failed = (error: unknown): void => options.log(`docker: a listener failed: ${String(error)}`);
    this.#containers = new Listeners(failed);
    this.#engines = new Listeners(failed);
    this.#pulls = new Listeners(failed);
    this.#table = new ContainerTable((container) => this.#containers.tell(container));
  }

  /**
   * Returns when everything that exists is known, or when the engine could not be reached: then `failure()`
   * says why, and it is tried again until `stop()`.
   */
  async start(signal: AbortSignal): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    signal.addEventListener('abort', () => controller.abort(), { once: true, signal: controller.signal });
    if (signal.aborted) controller.abort();
    await new Promise<void>((settled) => {
      const handlers = {
        newest: () => this.#newest,
        connected: (session: EngineSession, snapshot: EngineSnapshot, began: EpochMs) => {
          this.#connected(session, snapshot, began);
          settled();
        },
        event: (event: DockerEvent) => this.#apply(event),
        lost: (reason: Error) => {
          this.#lost(reason);
          settled();
        },
      };
      this.#running = keepConnected(this.#options, handlers, controller.signal).finally(settled);
    });
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#running;
  }

  /** The engine while it is connected. */
  engine(): EngineFacts | undefined {
    return this.#engine;
  }

  container(id: string): ContainerFacts | undefined {
    return this.#table.get(id);
  }

  /** Existing containers, running or not, and those that were removed in the last minutes. */
  containers(): Iterable<ContainerFacts> {
    return this.#table.all();
  }

  /**
   * What a container writes on its standard output: see OutputFrames.
   * @throws NetmeterError such as `not-found`, or `engine-unreachable` for outputs that the engine does not keep
   */
  async output(id: string, wanted: OutputWanted, signal: AbortSignal): Promise<Readable> {
    if (this.#session === undefined) throw this.#failure ?? NOT_STARTED;
    return this.#session.output(id, wanted, signal);
  }

  /** Whenever something about a container became known. Returns the function that ends it. */
  onContainer(listener: (container: ContainerFacts) => void): () => void {
    return this.#containers.add(listener);
  }

  /** When the engine was connected, was lost, or changed its configuration. */
  onEngine(listener: (change: EngineChange) => void): () => void {
    return this.#engines.add(listener);
  }

  /** When an image was pulled; after a reconnect the same pull may be told twice. */
  onPull(listener: (pull: ImagePull) => void): () => void {
    return this.#pulls.add(listener);
  }

  /** Why there is no engine, as a NetmeterError with its hint as a rule; undefined while there is one. */
  failure(): Error | undefined {
    return this.#failure;
  }

  state(): SourceState {
    const failure = this.#failure;
    const times = { lastDurationMs: this.#lastDurationMs, lastAt: this.#lastAt };
    if (failure === undefined) return { name: 'docker', ok: true, because: undefined, ...times };
    return { name: 'docker', ok: false, ...failureOf(failure), ...times };
  }

  #connected(session: EngineSession, { engine, identity, list }: EngineSnapshot, began: EpochMs): void {
    const restarted = this.#wasConnected && (identity === undefined || identity !== this.#identity);
    this.#session = session;
    this.#engine = engine;
    this.#identity = identity;
    this.#wasConnected = true;
    this.#failure = undefined;
    this.#engines.tell({ connected: true, engine, restarted });
    this.#table.applyList(list, began);
    for (const { id, state } of this.#table.all()) if (state === 'running') this.#inspections.add(id);
    this.#lastAt = this.#options.now();
    this.#lastDurationMs = this.#lastAt - began;
  }

  #lost(reason: Error): void {
    if (reason.message !== this.#failure?.message) this.#options.log(`docker: ${reason.message}`);
    this.#failure = reason;
    this.#session = undefined;
    this.#inspections.clear();
    if (this.#engine === undefined) return;
    this.#engine = undefined;
    this.#engines.tell({ connected: false, because: reason.message });
  }

  #apply(event: DockerEvent): void {
    this.#newest = Math.max(this.#newest ?? 0, event.order);
    switch (event.type) {
      case 'container':
        this.#table.applyEvent(event);
        if (event.action === 'start') this.#inspections.add(event.id);
        break;
      case 'network':
        if (this.#table.get(event.containerId)?.state === 'running') this.#inspections.add(event.containerId);
        break;
      case 'pull':
        this.#pulls.tell({ image: event.image, at: event.at });
        break;
      case 'reload':
        void this.#ask('read the new configuration', async (session, signal) => {
          const engine = await session.engineFacts(signal);
          this.#engine = engine;
          this.#engines.tell({ connected: true, engine, restarted: false });
        });
        break;
    }
  }

  /** What an inspection could not tell stays unknown. */
  async #inspect(id: string): Promise<void> {
    const asked = this.#table.get(id);
    if (asked === undefined || asked.state === 'removed') return;
    await this.#ask('inspect a container', async (session, signal) => {
      const json = await session.inspect(id, signal);
      if (json !== undefined) this.#table.applyInspection(asked, json);
    });
  }

  /** Asks something that can be done without. Does not reject. */
  async #ask(
    what: string,
    ask: (session: EngineSession, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    try {
      await ask(session, this.#controller.signal);
    } catch (error) {
      // With the connection everything fails, which is told once.
      const connected = session === this.#session && !this.#controller.signal.aborted;
      if (connected) this.#options.log(`docker: cannot ${what}: ${String(error)}`);
    }
  }
}
