/**
 * observe/buildkit: what BuildKit does, seen without wrapping it. One connection is held, on which the
 * engine tells of builds as they start and end; the status of each is read from its beginning while it
 * runs. Builds made while nobody looked are read from the engine's history. Nothing is polled.
 */
import type { LocalState } from '../../../src/builds/facts.js';
import type { StepEdge } from '../../../src/builds/fold.js';
import type { Build } from '../../../src/builds/types.js';
import { failureOf, NetmeterError } from '../../../src/errors.js';
import type { SourceState } from '../../../src/metering/types.js';
import type { EpochMs, Milliseconds } from '../../../src/units.js';
import type { EngineAddress } from '../docker/engine-address.js';
import { backoff, waitForEngine } from '../docker/engine-wait.js';
import { Listeners } from '../docker/listeners.js';
import { wouldWakeEngine } from '../docker/listening-socket.js';
import { BuildBook } from './build-book.js';
import { connectBuildkit } from './connection.js';
import { followSession } from './session.js';
import type { BuildkitConnection, ConnectBuildkit } from './types.js';

export interface BuildkitObserverOptions {
  address: EngineAddress;
  /** For `Build.engine`. */
  engineName: string;
  /** Where the process table is: `/proc`. */
  procRoot: string;
  now: () => EpochMs;
  /** What could not be done, for the log. */
  log: (message: string) => void;
  /** Whether the end of this build was told earlier, so that it need not be read from the history. */
  isKnown: (ref: string) => boolean | Promise<boolean>;
  /** Builds of this engine whose end was never told. */
  unfinished: () => readonly Build[] | Promise<readonly Build[]>;
  /** What the client wrote down about a build. */
  localState?: (ref: string) => Promise<LocalState | undefined>;
  /** How to reach the engine; by default its API socket. */
  connect?: ConnectBuildkit;
}

/** A connection that lasted this long was a good one, and the next failure is the first. */
const GOOD: Milliseconds = 10_000;
/** An engine without a history gets one by an upgrade, which restarts it: its socket is watched meanwhile. */
const UNSUPPORTED_WAIT: Milliseconds = 600_000;

export class BuildkitObserver {
  readonly #options: BuildkitObserverOptions;
  readonly #builds: Listeners<Build>;
  readonly #edges: Listeners<StepEdge & { ref: string }>;
  readonly #book: BuildBook;
  #state: SourceState = {
    name: 'buildkit',
    ok: false,
    because: 'not started',
    lastDurationMs: undefined,
    lastAt: undefined,
  };
  #code: NetmeterError['code'] | undefined;
  #controller: AbortController | undefined;
  #running: Promise<void> | undefined;

  constructor(options: BuildkitObserverOptions) {
    this.#options = options;
    const failed = (error: unknown): void => options.log(`buildkit: a listener failed: ${String(error)}`);
    this.#builds = new Listeners(failed);
    this.#edges = new Listeners(failed);
    this.#book = new BuildBook({
      engineName: options.engineName,
      localState: options.localState ?? (async () => undefined),
      log: options.log,
      tellBuild: (build) => this.#builds.tell(build),
      tellEdge: (edge) => this.#edges.tell(edge),
    });
  }

  /**
   * Returns when the history has been read, or when that was not possible: then `state()` says why, and it
   * is tried again until `stop()`.
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

  /** Builds that run go on; the next start finds them in the history, or still running. */
  async stop(): Promise<void> {
    this.#controller?.abort();
    await this.#running;
  }

  /** Builds that run now, as far as they got. */
  builds(): Build[] {
    return this.#book.running();
  }

  /**
   * A build when it started, whenever it changed (at most once a second), and when it ended. After a
   * reconnect an end may be told twice. Returns the function that ends it.
   */
  onBuild(listener: (build: Build) => void): () => void {
    return this.#builds.add(listener);
  }

  /** A step of a running build began to work or ended, at once. */
  onStepEdge(listener: (edge: StepEdge & { ref: string }) => void): () => void {
    return this.#edges.add(listener);
  }

  state(): SourceState {
    return this.#state;
  }

  /** Why builds are not seen; undefined while they are. */
  errorCode(): NetmeterError['code'] | undefined {
    return this.#code;
  }

  async #run(signal: AbortSignal, settled: () => void): Promise<void> {
    const { address, now } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const began = now();
      const error = await this.#follow(signal, settled);
      if (signal.aborted) return;
      failures = now() - began > GOOD ? 1 : failures + 1;
      this.#lost(error);
      settled();
      const wait = error.code === 'engine-unsupported' ? UNSUPPORTED_WAIT : backoff(failures);
      if (await waitForEngine(address, wait, signal)) failures = 0;
    }
  }

  /** Follows one connection to its end. @returns why it ended */
  async #follow(signal: AbortSignal, settled: () => void): Promise<NetmeterError> {
    const { address, isKnown, unfinished, now } = this.#options;
    const began = now();
    try {
      const connection = await this.#connect(signal);
      await followSession({ connection, book: this.#book, isKnown, unfinished, now, signal }, () => {
        this.#code = undefined;
        const at = now();
        this.#state = {
          ...this.#state,
          ok: true,
          because: undefined,
          code: undefined,
          hint: undefined,
          lastDurationMs: at - began,
          lastAt: at,
        };
        settled();
      });
      return new NetmeterError('engine-unreachable', `the BuildKit at ${address.url} closed the connection`);
    } catch (error) {
      if (error instanceof NetmeterError) return error;
      return new NetmeterError('internal', `reading builds failed: ${String(error)}`, { cause: error });
    }
  }

  async #connect(signal: AbortSignal): Promise<BuildkitConnection> {
    const { address, procRoot, connect } = this.#options;
    if (connect) return connect(signal);
    if (address.kind === 'unix' && wouldWakeEngine(procRoot, address.socketPath)) {
      throw new NetmeterError('engine-unreachable', `no Docker engine runs at ${address.url}`);
    }
    return connectBuildkit(address, signal);
  }

  #lost(error: NetmeterError): void {
    const { ok, because } = this.#state;
    this.#code = error.code;
    this.#state = { ...this.#state, ok: false, ...failureOf(error) };
    if (ok || because !== error.message) this.#options.log(`buildkit: ${error.message}`);
  }
}
