/** One status message of BuildKit in any of its JSON spellings, as the values that the fold takes. */
import type { ProgressUpdate, StatusUpdate, VertexUpdate } from '../../builds/status.js';
import { parseTime } from './build-time.js';

/** A status message, and what its fold has no place for. */
export interface StatusValue extends StatusUpdate {
  warnings: number;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Go's field names and the wire's: `id` and `ID`, `data` and `msg`, `started` with the year 1 for none. What is of
 * another type than it should be is taken as absent. Undefined for an object that is no status message.
 */
export function statusValue(value: unknown): StatusValue | undefined {
  if (!isObject(value)) return undefined;
  const vertexes = list(value, 'vertexes', 'vertices', 'Vertexes');
  const statuses = list(value, 'statuses', 'Statuses');
  const logs = list(value, 'logs', 'Logs');
  const warnings = list(value, 'warnings', 'Warnings');
  if (![vertexes, statuses, logs, warnings].some((some) => some !== undefined)) return undefined;
  return {
    vertexes: (vertexes ?? []).flatMap(vertexOf),
    progress: (statuses ?? []).flatMap(progressOf),
    logs: (logs ?? []).map((log) => ({
      vertex: text(log, 'vertex', 'Vertex'),
      stream: count(field(log, 'stream', 'Stream')),
      at: parseTime(field(log, 'timestamp', 'Timestamp')),
      text: fromBase64(text(log, 'data', 'msg', 'Data', 'Msg')),
    })),
    warnings: warnings?.length ?? 0,
  };
}

function vertexOf(json: Json): VertexUpdate[] {
  const digest = text(json, 'digest', 'Digest');
  if (digest === '') return [];
  const inputs = field(json, 'inputs', 'Inputs');
  return [
    {
      digest,
      inputs: Array.isArray(inputs) ? inputs.filter((input) => typeof input === 'string') : [],
      name: text(json, 'name', 'Name'),
      cached: field(json, 'cached', 'Cached') === true,
      startedAt: parseTime(field(json, 'started', 'Started')),
      completedAt: parseTime(field(json, 'completed', 'Completed')),
      error: text(json, 'error', 'Error') || undefined,
    },
  ];
}

function progressOf(json: Json): ProgressUpdate[] {
  const id = text(json, 'id', 'ID');
  const vertex = text(json, 'vertex', 'Vertex');
  if (id === '' || vertex === '') return [];
  return [
    {
      vertex,
      id,
      current: count(field(json, 'current', 'Current')),
      total: count(field(json, 'total', 'Total')),
      at: parseTime(field(json, 'timestamp', 'Timestamp')),
      startedAt: parseTime(field(json, 'started', 'Started')),
      completedAt: parseTime(field(json, 'completed', 'Completed')),
    },
  ];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function field(json: Json, ...names: string[]): unknown {
  const name = names.find((candidate) => Object.hasOwn(json, candidate));
  return name === undefined ? undefined : json[name];
}

function text(json: Json, ...names: string[]): string {
  const value = field(json, ...names);
  return typeof value === 'string' ? value : '';
}

function list(json: Json, ...names: string[]): Json[] | undefined {
  const value = field(json, ...names);
  return Array.isArray(value) ? value.filter(isObject) : undefined;
}

/** Integers of 64 bits may come as strings. */
function count(value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : 0;
}

/** One character a byte; empty for what is no base64. */
function fromBase64(encoded: string): string {
  try {
    return atob(encoded);
  } catch {
    return '';
  }
}
