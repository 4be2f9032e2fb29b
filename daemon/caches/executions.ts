import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Execution } from '../../src/builds/types.js';
import type { EpochMs } from '../../src/units.js';
import type { EngineFiles } from '../engine-files/engine-files.js';
import { ExecutionReader } from '../observe/executor/execution-reader.js';

/**
 * The processes that BuildKit runs right now, read once, for those who do not watch. Folders older than the engine's
 * process are what a crash left: nothing runs in them.
 */
export function readExecutions(files: EngineFiles, procRoot: string, now: EpochMs): Execution[] {
  const folder = files.path(files.buildkit('executor'));
  const startedAt = files.startedAt(procRoot, now) ?? 0;
  const reader = new ExecutionReader(files);
  return listed(folder).flatMap((id) => {
    try {
      const { birthtimeMs } = statSync(`${folder}/${id}`);
      if (birthtimeMs < startedAt) return [];
      return reader.read(id, readFileSync(`${folder}/${id}/config.json`, 'utf8'), birthtimeMs) ?? [];
    } catch {
      // It came or went in this moment.
      return [];
    }
  });
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
