/** Docker's contexts, as its client keeps them below `~/.docker` (docs.docker.com/engine/manage-resources/contexts). */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NetmeterError } from '../../../src/errors.js';
import { asRecord, asText, type JsonRecord } from './json-value.js';

/** Real ones have a few kilobytes. */
const MOST_BYTES = 1 << 20;

/** The context that `docker context use` chose; undefined when none was chosen. */
export function currentContext(configDir: string): string | undefined {
  return asText(readRecord(join(configDir, 'config.json'))?.currentContext);
}

/** @throws not-found when there is no such context, or it has no Docker endpoint */
export function contextHost(configDir: string, context: string): string {
  const folder = createHash('sha256').update(context).digest('hex');
  const path = join(configDir, 'contexts', 'meta', folder, 'meta.json');
  const endpoint = asRecord(asRecord(readRecord(path)?.Endpoints).docker);
  const host = asText(endpoint.Host);
  if (host !== undefined) return host;
  throw new NetmeterError('not-found', `the Docker context ${context} has no engine: looked in ${path}`, {
    hint: 'see what there is with: docker context ls',
  });
}

function readRecord(path: string): JsonRecord | undefined {
  let text: string;
  try {
    if (statSync(path).size > MOST_BYTES) throw new Error(`larger than ${MOST_BYTES} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  }
  try {
    return asRecord(JSON.parse(text));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): NetmeterError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NetmeterError('unreadable-input', `cannot read ${path}: ${why}`, {
    hint: 'repair it, or say which engine is meant with --docker-host',
    cause,
  });
}
