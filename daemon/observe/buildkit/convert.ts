/** From the wire's messages to the core's values. Everything that an engine may leave out becomes undefined. */
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { BuildRecord } from '../../../src/builds/facts.js';
import type { StatusUpdate } from '../../../src/builds/status.js';
import type { CollectionRule } from '../../../src/caches/collect.js';
import type { EpochMs } from '../../../src/units.js';
import {
  type BuildHistoryEvent,
  BuildHistoryEventType,
  type BuildHistoryRecord,
  type ListWorkersResponse,
  type StatusResponse,
} from './generated/control_pb.js';
import type { HistoryEvent } from './types.js';

const EVENT_TYPES: Record<BuildHistoryEventType, HistoryEvent['type']> = {
  [BuildHistoryEventType.STARTED]: 'started',
  [BuildHistoryEventType.COMPLETE]: 'completed',
  [BuildHistoryEventType.DELETED]: 'deleted',
};

/** Undefined for events of a kind that is not known, or about no build. */
export function toHistoryEvent({ type, record }: BuildHistoryEvent): HistoryEvent | undefined {
  const known: HistoryEvent['type'] | undefined = EVENT_TYPES[type];
  if (known === undefined || record === undefined || record.ref === '') return undefined;
  return { type: known, record: toBuildRecord(record) };
}

export function toStatusUpdate({ vertexes, statuses, logs }: StatusResponse): StatusUpdate {
  return {
    vertexes: vertexes.map((vertex) => ({
      digest: vertex.digest,
      inputs: vertex.inputs,
      name: vertex.name,
      cached: vertex.cached,
      startedAt: toEpochMs(vertex.started),
      completedAt: toEpochMs(vertex.completed),
      error: vertex.error || undefined,
    })),
    progress: statuses.map((status) => ({
      vertex: status.vertex,
      id: status.id,
      current: Number(status.current),
      total: Number(status.total),
      at: toEpochMs(status.timestamp),
      startedAt: toEpochMs(status.started),
      completedAt: toEpochMs(status.completed),
    })),
    logs: logs.map((log) => ({
      vertex: log.vertex,
      stream: Number(log.stream),
      at: toEpochMs(log.timestamp),
      text: Buffer.from(log.msg.buffer, log.msg.byteOffset, log.msg.length).toString('latin1'),
    })),
  };
}

export function toCollectionRules({ record }: ListWorkersResponse): CollectionRule[] {
  return record.flatMap(({ gcPolicy }) =>
    gcPolicy.map((rule) => ({
      all: rule.all,
      keepDurationMs: Number(rule.keepDuration) / 1e6,
      reservedBytes: Number(rule.reservedSpace),
      maxUsedBytes: Number(rule.maxUsedSpace),
      minFreeBytes: Number(rule.minFreeSpace),
      filters: rule.filters,
    })),
  );
}

function toBuildRecord(record: BuildHistoryRecord): BuildRecord {
  const names = record.exporters.flatMap((exporter) => (exporter.attrs.name ?? '').split(','));
  return {
    ref: record.ref,
    frontendAttrs: record.frontendAttrs,
    images: [...new Set(names.filter((name) => name !== ''))],
    createdAt: toEpochMs(record.createdAt),
    completedAt: toEpochMs(record.completedAt),
    error: record.error && { code: record.error.code, message: record.error.message },
  };
}

/** Go's zero time, year 1, comes for times that are not known. */
function toEpochMs(time: Timestamp | undefined): EpochMs | undefined {
  if (time === undefined || time.seconds <= 0n) return undefined;
  return Number(time.seconds) * 1_000 + time.nanos / 1e6;
}
