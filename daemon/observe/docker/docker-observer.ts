/**
 * observe/docker: what a Docker engine says of itself and its containers. One connection stays open, on
 * which the engine tells what happens; nothing is polled while it does. When it ends, everything is asked
 * anew and the events in between are replayed, so that no container is missed.
 */

import type { SourceState } from '../../../src/metering/types.js';
import type { EpochMs } from '../../../src/units.js';
import { ContainerTable } from './container-table.js';
import type { DockerEvent } from './docker-events.js';
import type { EngineAddress } from './engine-address.js';
import { EngineSession } from './engine-session.js';
import { backoff, waitForEngine } from './engine-wait.js';
import { InspectQueue } from './inspect-queue.js';
import { Listeners } from './listeners.js';
import type { ContainerFacts, EngineChange, EngineFacts, ImagePull } from './types.js';

export interface DockerObserverOptions {
  address: EngineAddress;
  /** Where the process table is: `/proc`. */
  procRoot: string;
  now: () => EpochMs;
  /** What could not be done, for the log. */
  log: (message: string) => void;
}

const INSPECTIONS = 4;
/** A connection that lasted this long was a good one, and the next failure is the first. */
const GOOD = 10_000;

export class DockerObserver {
  readonly #options: DockerObserverOptions;
  readonly #containers: Listeners<ContainerFacts>;
  readonly #engines: Listeners<EngineChange>;
  readonly #pulls: Listeners<ImagePull>;
  readonly #table: ContainerTable;
  readonly #inspections = new InspectQueue((id) => this.#inspect(id), INSPECTIONS);
  #session: EngineSession | undefined;
  #engine: EngineFacts | undefined;
  #identity: string | undefined;
  #wasConnected = false;
  /** Order of the newest event that was heard. */
  #newest: number | undefined;
  #state: SourceState = {
    name: 'docker',
    ok: false,
    because: 'not started',
    lastDurationMs: undefined,
    lastAt: undefined,
  };
  #controller: AbortController | undefined;
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
   * Returns when everything that exists is known, or when the engine could not be reached: then `state()`
   * says why, and it is tried again until `stop()`.
   */
  async start(signal: AbortSignal): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    signal.addEventListener('abort', () => controller.abort(), { once: true, signal: controller.signal });
    if (signal.aborted) controller.abort();
    await new Promise<void>((settled) => {
      this.#running = this.#run(controller.signal, settled).finally(settled);
    });
  }

  async stop(): Promise<void> {
    this.#controller?.abort();
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

  state(): SourceState {
    return this.#state;
  }

  async #run(signal: AbortSignal, settled: () => void): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const began = this.#options.now();
      const because = await this.#follow(signal, settled);
      if (signal.aborted) return;
      failures = this.#options.now() - began > GOOD ? 1 : failures + 1;
      this.#lost(because);
      settled();
      if (await waitForEngine(this.#options.address, backoff(failures), signal)) failures = 0;
    }
  }

  /** Follows one connection to its end. @returns why it ended */
  async #follow(signal: AbortSignal, settled: () => void): Promise<string> {
    const { address, procRoot, now } = this.#options;
    const session = new EngineSession(address, procRoot);
    const began = now();
    try {
      const { engine, identity, list } = await session.connect(this.#newest, signal);
      this.#session = session;
      this.#connected(engine, identity);
      this.#table.applyList(list, began);
      for (const { id, state } of this.#table.all()) if (state === 'running') this.#inspections.add(id);
      this.#state = {
        name: 'docker',
        ok: true,
        because: undefined,
        lastDurationMs: now() - began,
        lastAt: now(),
      };
      settled();
      await session.follow((event) => this.#apply(event, signal));
      return 'the engine closed the connection';
    } catch (error) {
      return messageOf(error);
    } finally {
      this.#session = undefined;
      this.#inspections.clear();
      session.close();
    }
  }

  #apply(event: DockerEvent, signal: AbortSignal): void {
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
        void this.#reload(signal);
        break;
    }
  }

  #connected(engine: EngineFacts, identity: string | undefined): void {
    const restarted = this.#wasConnected && (identity === undefined || identity !== this.#identity);
    this.#engine = engine;
    this.#identity = identity;
    this.#wasConnected = true;
    this.#engines.tell({ connected: true, engine, restarted });
  }

  #lost(because: string): void {
    const { ok, because: before } = this.#state;
    this.#state = { ...this.#state, ok: false, because };
    if (ok || because !== before) this.#options.log(`docker: ${because}`);
    if (this.#engine === undefined) return;
    this.#engine = undefined;
    this.#engines.tell({ connected: false, because });
  }

  async #reload(signal: AbortSignal): Promise<void> {
    try {
      const engine = await this.#session?.engineFacts(signal);
      if (engine === undefined || signal.aborted) return;
      this.#engine = engine;
      this.#engines.tell({ connected: true, engine, restarted: false });
    } catch (error) {
      if (!signal.aborted)
        this.#options.log(`docker: cannot read the new configuration: ${messageOf(error)}`);
    }
  }

  /** What an inspection could not tell stays unknown. */
  async #inspect(id: string): Promise<void> {
    const asked = this.#table.get(id);
    const session = this.#session;
    if (asked === undefined || asked.state === 'removed' || session === undefined) return;
    try {
      const json = await session.inspect(id, this.#controller!.signal);
      if (json !== undefined) this.#table.applyInspection(asked, json);
    } catch (error) {
      if (this.#session === session)
        this.#options.log(`docker: cannot inspect a container: ${messageOf(error)}`);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
