/** Reads what scripts/record-fixtures/buildkit.ts recorded of real builds. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { toHistoryEvent, toStatusUpdate } from '../../../daemon/observe/buildkit/convert.js';
import {
  BuildHistoryEventSchema,
  StatusResponseSchema,
} from '../../../daemon/observe/buildkit/generated/control_pb.js';
import type { HistoryEvent } from '../../../daemon/observe/buildkit/types.js';
import { type BuildRecord, buildFacts } from '../../../src/builds/facts.js';
import { BuildFold } from '../../../src/builds/fold.js';
import type { StatusUpdate } from '../../../src/builds/status.js';
import type { Build } from '../../../src/builds/types.js';

export interface RecordedBuild {
  started: BuildRecord;
  completed: BuildRecord;
  /** As they came while it ran. */
  updates: StatusUpdate[];
  /** As the history told them afterwards. */
  replay: StatusUpdate[];
}

interface Line {
  event?: JsonValue;
  ref?: string;
  status?: JsonValue;
  replay?: JsonValue;
}

/** The builds of one recording, in the order they started. */
export function recordedBuilds(name: string): RecordedBuild[] {
  const path = fileURLToPath(new URL(`../../fixtures/buildkit/${name}.jsonl`, import.meta.url));
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);
  const events = lines.flatMap((line): HistoryEvent[] => {
    const event = line.event && toHistoryEvent(fromJson(BuildHistoryEventSchema, line.event));
    return event ? [event] : [];
  });
  const started = events.filter((event) => event.type === 'started').map((event) => event.record);
  return started.map((record) => ({
    started: record,
    completed: events.find(({ type, record: { ref } }) => type === 'completed' && ref === record.ref)!.record,
    updates: updatesOf(lines, record.ref, 'status'),
    replay: updatesOf(lines, record.ref, 'replay'),
  }));
}

/** A build as its stream makes it, to its end. */
export function foldRecorded({ completed }: RecordedBuild, updates: StatusUpdate[]): Build {
  const fold = new BuildFold(buildFacts(completed, 'test'));
  for (const update of updates) fold.apply(update);
  fold.finish({ at: completed.completedAt!, error: completed.error });
  return fold.build();
}

function updatesOf(lines: Line[], ref: string, key: 'status' | 'replay'): StatusUpdate[] {
  return lines
    .filter((line) => line.ref === ref && line[key] !== undefined)
    .map((line) => toStatusUpdate(fromJson(StatusResponseSchema, line[key]!)));
}
