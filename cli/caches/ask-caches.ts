/** How commands learn of the engine's caches and have them removed. */
import { spawn } from 'node:child_process';
import type { CacheOperation, CacheReply, CacheRequests, CacheResults } from '../../src/caches/helper.js';
import { NetmeterError } from '../../src/errors.js';
import type { CachesDocument } from '../../src/protocol/documents.js';
import { fromWireError } from '../../src/protocol/wire-error.js';
import { ask } from '../ask.js';
import type { GlobalOptions } from '../command.js';
import type { Io } from '../io.js';

/**
 * The caches of the engine: as the daemon knows them, which may look into the engine's files for everybody who may
 * ask it, and knows who used them; without one, as this user may see them, which is root.
 */
export async function askCaches(io: Io, options: GlobalOptions): Promise<CachesDocument> {
  if (options.dockerHost !== undefined) return askHelper('list', {}, io, options);
  try {
    return await ask('caches', {}, io, options);
  } catch (error) {
    const absent = error instanceof NetmeterError && error.code === 'daemon-not-running';
    if (!absent) throw error;
    return askHelper('list', {}, io, options);
  }
}

/** Removes exactly these records, with this user's rights on the Docker socket. */
export function removeRecords(recordIds: readonly string[], io: Io, options: GlobalOptions) {
  return askHelper('remove', { recordIds: [...recordIds] }, io, options);
}

/**
 * One question to a program of its own, so that no command has to load what reads an engine's files.
 * @throws NetmeterError what it answered
 */
async function askHelper<Operation extends CacheOperation>(
  operation: Operation,
  params: CacheRequests[Operation],
  io: Io,
  options: GlobalOptions,
): Promise<CacheResults[Operation]> {
  const { daemonProgram, signal, env } = io;
  const args = [...daemonProgram.nodeArgs, daemonProgram.caches];
  if (options.dockerHost !== undefined) args.push('--docker-host', options.dockerHost);
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env, signal });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify({ operation, params }));
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await ended;
  let reply: CacheReply;
  try {
    reply = JSON.parse(Buffer.concat(chunks).toString('utf8')) as CacheReply;
  } catch (cause) {
    throw new NetmeterError('internal', 'the look at the caches did not finish', { cause });
  }
  if (!reply.ok) throw fromWireError(reply.error);
  return reply.result as CacheResults[Operation];
}
