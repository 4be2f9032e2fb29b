/** The engine's events, as far as they matter here (docs.docker.com/reference/cli/docker/system/events). */
import type { EpochMs } from '../../../src/units.js';
import { asCount, asRecord, asText, isContainerId, isRecord, type JsonRecord } from './json-value.js';

export type DockerEvent = {
  at: EpochMs;
  /** Nanoseconds, rounded to what a double holds: to tell events that were seen from those that were not. */
  order: number;
} & (
  | {
      type: 'container';
      action: (typeof CONTAINER_ACTIONS)[number];
      id: string;
      /** Name, image and every label of the container. */
      attributes: JsonRecord;
    }
  | { type: 'network'; action: 'connect'; containerId: string }
  | { type: 'pull'; image: string }
  | { type: 'reload' }
);

const CONTAINER_ACTIONS = ['create', 'start', 'die', 'destroy', 'rename'] as const;
const ACTIONS = [...CONTAINER_ACTIONS, 'connect', 'pull', 'reload'];

/**
 * What the engine is asked to send. Health checks and execs would wake the reader for nothing, and
 * every container that ends is disconnected first.
 */
export const EVENT_FILTERS = {
  type: { container: true, network: true, image: true, daemon: true },
  event: Object.fromEntries(ACTIONS.map((action) => [action, true])),
};

/**
 * @returns undefined for an event that does not matter
 * @throws SyntaxError when the line is no JSON object
 */
export function parseEvent(line: string): DockerEvent | undefined {
  const json: unknown = JSON.parse(line);
  if (!isRecord(json)) throw new SyntaxError('an event that is no object');
  const event = asRecord(json);
  const actor = asRecord(event.Actor);
  const attributes = asRecord(actor.Attributes);
  const id = asText(actor.ID);
  const nanoseconds = typeof event.timeNano === 'number' ? event.timeNano : undefined;
  const order = nanoseconds ?? (asCount(event.time) ?? 0) * 1e9;
  const base = { at: Math.floor(order / 1e6), order };
  const action = event.Action;
  switch (event.Type) {
    case 'container':
      if (!isContainerId(id) || !isContainerAction(action)) return undefined;
      return { ...base, type: 'container', action, id, attributes };
    case 'network': {
      const containerId = asText(attributes.container);
      if (!isContainerId(containerId) || action !== 'connect') return undefined;
      return { ...base, type: 'network', action, containerId };
    }
    case 'image':
      return id !== undefined && action === 'pull' ? { ...base, type: 'pull', image: id } : undefined;
    case 'daemon':
      return action === 'reload' ? { ...base, type: 'reload' } : undefined;
    default:
      return undefined;
  }
}

function isContainerAction(action: unknown): action is (typeof CONTAINER_ACTIONS)[number] {
  return (CONTAINER_ACTIONS as readonly unknown[]).includes(action);
}
