/**
 * meter/docker-stats: the polled tier. The engine reads a container's interface counters for whoever may
 * talk to it, root or not. It knows neither remotes nor the bytes of pulls, of the host's network, or of
 * containers that come and go between two questions.
 */
import { failureOf, NetmeterError } from '../../../src/errors.js';
import type { SourceState } from '../../../src/metering/types.js';
import type { EpochMs, Milliseconds, Traffic } from '../../../src/units.js';
import type { EngineAddress } from '../../observe/docker/engine-address.js';
import { EngineClient } from '../../observe/docker/engine-client.js';
import { tooSlow } from '../../observe/docker/engine-errors.js';
import type { ContainerFacts } from '../../observe/docker/types.js';
import { trafficOfStats } from './stats-answer.js';

/** Cumulative since the container was started. */
export interface ContainerCounters extends Traffic {
  containerId: string;
  /** The container's first process: with another one, the counters began again at 0. */
  pid: number | undefined;
  /** When the engine answered. */
  at: EpochMs;
}

export interface DockerStatsOptions {
  address: EngineAddress;
  /** Those that the Docker observer knows. */
  containers: () => Iterable<ContainerFacts>;
  now: () => EpochMs;
}

/** The engine answers each from its container's files in about a millisecond; more at once only queue. */
const AT_ONCE = 4;
/** For all containers together. */
const DEADLINE: Milliseconds = 5_000;

export class DockerStatsMeter {
  readonly #options: DockerStatsOptions;
  #client: EngineClient | undefined;
  #state: SourceState = {
    name: 'docker stats',
    ok: false,
    because: 'not sampled yet',
    lastDurationMs: undefined,
    lastAt: undefined,
  };

  constructor(options: DockerStatsOptions) {
    this.#options = options;
  }

  /**
   * Asks once for every running container that has interfaces of its own. One that ended meanwhile, or
   * that the engine has no figures of, is left out: its counters are cumulative, so that the next answer
   * makes up for it.
   *
   * @throws what EngineClient throws when the engine answered for none of them
   */
  async sample(signal?: AbortSignal): Promise<ContainerCounters[]> {
    const began = this.#options.now();
    const { counters, failure } = await this.#askAll(signal);
    const now = this.#options.now();
    const lastAt = counters.length > 0 || failure === undefined ? now : this.#state.lastAt;
    this.#state = {
      name: 'docker stats',
      ok: failure === undefined,
      ...(failure === undefined ? { because: undefined } : failureOf(failure)),
      lastDurationMs: now - began,
      lastAt,
    };
    if (failure === undefined) return counters;
    // Another engine may be there when it is asked again.
    this.stop();
    if (counters.length === 0) throw failure;
    return counters;
  }

  state(): SourceState {
    return this.#state;
  }

  stop(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  async #askAll(
    signal: AbortSignal | undefined,
  ): Promise<{ counters: ContainerCounters[]; failure: unknown }> {
    const { address, containers, now } = this.#options;
    const limit = new AbortController();
    const abort = (): void => limit.abort(signal?.reason);
    const timer = setTimeout(() => limit.abort(tooSlow(address, '/containers/…/stats', DEADLINE)), DEADLINE);
    signal?.addEventListener('abort', abort);
    const counters: ContainerCounters[] = [];
    let failure: unknown;
    const waiting = [...containers()].filter(hasInterfaces).values();
    const work = async (client: EngineClient): Promise<void> => {
      for (const { id, pid } of waiting) {
        if (limit.signal.aborted) return;
        try {
          const traffic = await statsOf(client, id, limit.signal);
          if (traffic !== undefined) counters.push({ containerId: id, pid, at: now(), ...traffic });
        } catch (error) {
          failure ??= error;
        }
      }
    };
    try {
      const client = await this.#connected(limit.signal);
      await Promise.all(Array.from({ length: AT_ONCE }, () => work(client)));
    } catch (error) {
      failure = error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
    return { counters, failure };
  }

  async #connected(signal: AbortSignal): Promise<EngineClient> {
    if (this.#client !== undefined) return this.#client;
    const client = new EngineClient(this.#options.address);
    this.#client = client;
    await client.negotiate({ signal });
    return client;
  }
}

/** In another's or the host's network, its figures would be another's. */
function hasInterfaces({ state, networkMode }: ContainerFacts): boolean {
  if (state !== 'running' || networkMode === undefined) return false;
  return networkMode !== 'host' && networkMode !== 'none' && !networkMode.startsWith('container:');
}

async function statsOf(client: EngineClient, id: string, signal: AbortSignal): Promise<Traffic | undefined> {
  try {
    return trafficOfStats(
      await client.getJson(`/containers/${id}/stats?stream=false&one-shot=true`, { signal }),
    );
  } catch (error) {
    if (error instanceof NetmeterError && error.code === 'not-found') return undefined;
    throw error;
  }
}
