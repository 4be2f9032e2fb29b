/** A build from its status messages, wherever they were kept. */
import type { BuildFacts } from '../../builds/facts.js';
import { type BuildEnd, BuildFold } from '../../builds/fold.js';
import { saysCanceled } from '../../builds/outcome.js';
import type { StatusUpdate } from '../../builds/status.js';
import type { BuildImport } from '../../builds/types.js';
import type { EpochMs } from '../../units.js';
import { asRecorded } from '../recorded-build.js';
import type { RecordedBuild } from '../types.js';
import type { StatusValue } from './status-value.js';

/** gRPC's codes for a call that was taken back and for one that failed. */
const CANCELED = 1;
const UNKNOWN = 2;

const CONTEXT_TRANSFER = /^transferring (?:context|dockerfile)/;

/**
 * @param end from a history record; without one the messages tell how it ended, and a message cut off leaves that open
 * @param facts without a start, which is the first time that the messages speak of when there is no record
 */
export function buildOfStatus(
  messages: readonly StatusValue[],
  facts: BuildFacts,
  kind: BuildImport['kind'],
  end: BuildEnd | undefined,
): RecordedBuild {
  const first = facts.startedAt || (firstTime(messages) ?? 0);
  const fold = new BuildFold({ ...facts, startedAt: first });
  const context = new Map<string, number>();
  let warnings = 0;
  for (const message of messages) {
    fold.apply(message);
    warnings += message.warnings;
    for (const { vertex, id, current } of message.progress) {
      const key = `${vertex} ${id}`;
      if (CONTEXT_TRANSFER.test(id)) context.set(key, Math.max(context.get(key) ?? 0, current));
    }
  }
  const error = end === undefined ? firstError(messages) : end.error;
  const ended = end !== undefined || error !== undefined || allCompleted(messages);
  if (ended) fold.finish({ at: end?.at ?? fold.lastAt, error });
  return {
    build: asRecorded(fold.build(), { kind, dated: first > 0, ended }),
    cachedSteps: fold.markedCached,
    logBytes: fold.logBytes,
    contextBytes: [...context.values()].reduce((sum, bytes) => sum + bytes, 0),
    warnings,
  };
}

function firstTime(messages: readonly StatusUpdate[]): EpochMs | undefined {
  let first: EpochMs | undefined;
  for (const { vertexes } of messages) {
    for (const { startedAt } of vertexes) {
      if (startedAt !== undefined && (first === undefined || startedAt < first)) first = startedAt;
    }
  }
  return first;
}

/** An error that says more than that another step's error ended this one, if there is one. */
function firstError(messages: readonly StatusUpdate[]): { code: number; message: string } | undefined {
  const errors = messages.flatMap(({ vertexes }) => vertexes.flatMap(({ error }) => error ?? []));
  const message = errors.find((error) => !saysCanceled(error)) ?? errors[0];
  if (message === undefined) return undefined;
  return { code: saysCanceled(message) ? CANCELED : UNKNOWN, message };
}

function allCompleted(messages: readonly StatusUpdate[]): boolean {
  const running = new Map<string, boolean>();
  for (const { vertexes } of messages) {
    for (const { digest, startedAt, completedAt } of vertexes) {
      if (startedAt !== undefined) running.set(digest, completedAt === undefined);
    }
  }
  return running.size > 0 && ![...running.values()].includes(true);
}
