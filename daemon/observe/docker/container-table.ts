/**
 * What is known of every container, from events, lists and inspections that overtake each other. Only
 * events and lists move a container from one state to another; an inspection adds to what is known.
 */
import type { EpochMs, Milliseconds } from '../../../src/units.js';
import { type ContainerNews, newsFromEvent, newsFromInspect, newsFromList } from './container-facts.js';
import type { DockerEvent } from './docker-events.js';
import { asList, asRecord, asText, isContainerId } from './json-value.js';
import type { ContainerFacts, ContainerState } from './types.js';

/** Counters of a removed container may still move for minutes: sockets outlive their process. */
const REMEMBERED: Milliseconds = 10 * 60_000;
const MOST_REMOVED = 5_000;

export type ContainerEvent = Extract<DockerEvent, { type: 'container' }>;

const EMPTY: Omit<ContainerFacts, 'id'> = {
  name: undefined,
  image: undefined,
  labels: {},
  composeProject: undefined,
  composeService: undefined,
  devContainerFolder: undefined,
  networkMode: undefined,
  pid: undefined,
  state: 'created',
  publishedPorts: [],
  addresses: [],
  removedAt: undefined,
};

const stateAfter: Record<ContainerEvent['action'], ContainerState | undefined> = {
  create: 'created',
  start: 'running',
  die: 'exited',
  destroy: 'removed',
  rename: undefined,
};

export class ContainerTable {
  readonly #existing = new Map<string, ContainerFacts>();
  /** In the order of their removal. */
  readonly #removed = new Map<string, ContainerFacts>();
  readonly #changed: (container: ContainerFacts) => void;

  constructor(changed: (container: ContainerFacts) => void) {
    this.#changed = changed;
  }

  get(id: string): ContainerFacts | undefined {
    return this.#existing.get(id) ?? this.#removed.get(id);
  }

  /** Existing ones, running or not, and those that were removed lately. */
  *all(): Generator<ContainerFacts> {
    yield* this.#existing.values();
    yield* this.#removed.values();
  }

  applyEvent({ id, action, attributes, at }: ContainerEvent): void {
    // Ids are never given twice: what comes now was replayed.
    if (this.#removed.has(id)) return;
    const state = stateAfter[action];
    this.#put(id, newsFromEvent(attributes), state, at);
    if (state === 'removed') this.#forget(at);
  }

  /**
   * @param json the answer to `GET /containers/json?all=1`
   * @param at when it was asked: what it does not name is gone since
   */
  applyList(json: unknown, at: EpochMs): void {
    const listed = new Set<string>();
    for (const element of asList(json)) {
      const container = asRecord(element);
      const id = container.Id;
      if (!isContainerId(id)) continue;
      listed.add(id);
      this.#put(id, newsFromList(container), listedState(asText(container.State)), at);
    }
    for (const id of this.#existing.keys()) {
      if (!listed.has(id)) this.#put(id, {}, 'removed', at);
    }
    this.#forget(at);
  }

  /**
   * @param asked what was known when it was asked: when the container was started or stopped since, its
   *   process in this answer may be another's
   */
  applyInspection(asked: ContainerFacts, json: unknown): void {
    const now = this.#existing.get(asked.id);
    if (now === undefined) return;
    const { pid, ...news } = newsFromInspect(asRecord(json));
    const same = now.state === 'running' && asked.state === 'running' && now.pid === asked.pid;
    this.#put(asked.id, same && pid !== undefined ? { ...news, pid } : news, undefined, 0);
  }

  #put(id: string, news: ContainerNews, state: ContainerState | undefined, at: EpochMs): void {
    const before = this.#existing.get(id) ?? { id, ...EMPTY };
    const now = { ...before, ...news, state: state ?? before.state };
    if (now.state !== 'running' || (state === 'running' && before.state !== 'running')) now.pid = undefined;
    if (now.state === 'removed') {
      now.removedAt = at;
      this.#existing.delete(id);
      this.#removed.set(id, now);
    } else {
      this.#existing.set(id, now);
    }
    this.#changed(now);
  }

  #forget(now: EpochMs): void {
    for (const [id, { removedAt = 0 }] of this.#removed) {
      if (this.#removed.size <= MOST_REMOVED && now - removedAt < REMEMBERED) return;
      this.#removed.delete(id);
    }
  }
}

function listedState(state: string | undefined): ContainerState {
  switch (state) {
    case 'running':
    case 'paused':
      return 'running';
    case 'created':
      return 'created';
    default:
      return 'exited';
  }
}
