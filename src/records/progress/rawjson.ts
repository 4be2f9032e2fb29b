/** `--progress=rawjson` of buildx and buildctl. */
import type { BuildRecords } from '../types.js';
import { jsonDocuments } from './json-documents.js';
import { buildOfStatus } from './status-build.js';
import { statusValue } from './status-value.js';

/** Whether a file that starts like this may be one. */
export function looksLikeRawJson(start: string): boolean {
  return /^\s*\{\s*"(?:vertexes|vertices|statuses|logs|warnings)"\s*:/i.test(start);
}

/** @param ref what the build is to be called; the stream does not say */
export function readRawJson(text: string, ref: string): BuildRecords {
  const { documents, skipped, truncated } = jsonDocuments(text);
  const messages = documents.map(statusValue).filter((message) => message !== undefined);
  const records: BuildRecords = {
    kind: 'buildkit-rawjson',
    builds: [],
    skipped: skipped + documents.length - messages.length,
    unknown: [],
  };
  if (messages.length === 0) return records;
  const facts = {
    ref,
    engine: 'unknown',
    name: ref,
    project: undefined,
    context: undefined,
    dockerfile: undefined,
    target: undefined,
    platforms: [],
    startedAt: 0,
  };
  const recorded = buildOfStatus(messages, facts, 'rawjson', undefined);
  records.builds.push(recorded);
  records.unknown.push('what was built, and where: progress says neither image nor context');
  if (truncated) records.unknown.push('what came after the cut: the file ends in the middle of a message');
  if (!recorded.build.imported?.dated) records.unknown.push('when it ran: no message has a time');
  if (!recorded.build.imported?.ended)
    records.unknown.push('how it ended: steps are still running at the end');
  return records;
}
