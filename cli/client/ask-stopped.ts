import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import {
  PROTOCOL_VERSION,
  type RequestParams,
  type RequestResults,
  type RequestType,
} from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { notRunning, resultOf } from './ask-daemon.js';
import type { DaemonProgram } from './daemon-program.js';

/**
 * Answers from the database that a stopped daemon left, in a process of its own, so that no command has to
 * load SQLite.
 * @throws NetmeterError what that process answered; `daemon-not-running` when the data is not this user's
 */
export async function askStopped<Type extends RequestType>(
  places: readonly Place[],
  program: DaemonProgram,
  type: Type,
  params: RequestParams[Type],
): Promise<RequestResults[Type]> {
  const place = places.find(hasDatabase);
  if (place === undefined) throw notRunning(places);
  const args = [...program.nodeArgs, program.query, '--state-dir', place.stateDir];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify({ version: PROTOCOL_VERSION, id: 1, type, params }));
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await exited;
  return resultOf(Buffer.concat(chunks).toString('utf8'), place) as RequestResults[Type];
}

/** False also where this user may not even look. */
function hasDatabase(place: Place): boolean {
  try {
    return statSync(place.databaseFile, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
