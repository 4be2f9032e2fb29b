import { existsSync } from 'node:fs';
import { NetmeterError } from '../../src/errors.js';
import type { StopResult } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import { askDaemon } from '../client/ask-daemon.js';
import { lockHolder } from '../client/lock-holder.js';
import { type WatchedProcess, waitUntilGone, watchProcess } from './process-watch.js';

export interface StopLimits {
  /** For the answer: the time in which all parts stop. */
  answerMs: number;
  /** For the process to end after its answer, or after SIGTERM. */
  exitMs: number;
}

export interface StopOutcome extends StopResult {
  /** Files that a daemon in order would have removed. */
  leftBehind: string[];
}

const STOP_LIMITS: StopLimits = { answerMs: 30_000, exitMs: 10_000 };

/** Why a daemon that does live does not answer as it should. */
const UNANSWERED = ['daemon-not-running', 'daemon-stuck', 'protocol-mismatch', 'internal'];

/**
 * Stops the daemon and waits until its process is gone. One that does not answer, or speaks another
 * protocol, gets a SIGTERM.
 * @throws NetmeterError `daemon-not-running`, `permission-denied`, `daemon-stuck` when it is still there
 */
export async function stopDaemon(
  places: readonly Place[],
  limits: StopLimits = STOP_LIMITS,
): Promise<StopOutcome> {
  const holders = places.map((place) => ({ place, watched: holderOf(place) }));
  try {
    const { result, place } = await askDaemon(places, 'stop', {}, { timeoutMs: limits.answerMs });
    const known = holders.find((holder) => holder.watched?.pid === result.pid)?.watched;
    await expectGone(known ?? watchProcess(result.pid), limits.exitMs, place);
    return { ...result, leftBehind: leftBehind(place) };
  } catch (error) {
    const holder = holders.find(({ watched }) => watched !== undefined);
    const isUnanswered = error instanceof NetmeterError && UNANSWERED.includes(error.code);
    if (!isUnanswered || holder?.watched === undefined) throw error;
    terminate(holder.watched.pid);
    await expectGone(holder.watched, limits.exitMs, holder.place);
    return { pid: holder.watched.pid, problems: [], leftBehind: leftBehind(holder.place) };
  }
}

function holderOf(place: Place): WatchedProcess | undefined {
  const pid = lockHolder(place);
  return pid === undefined ? undefined : watchProcess(pid);
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new NetmeterError('permission-denied', `the daemon (pid ${pid}) does not answer and is not yours`, {
      hint: 'Try again with sudo: sudo netmeter stop',
      cause,
    });
  }
}

async function expectGone(watched: WatchedProcess, limitMs: number, place: Place): Promise<void> {
  if (await waitUntilGone(watched, limitMs)) return;
  throw new NetmeterError('daemon-stuck', `the daemon (pid ${watched.pid}) does not end`, {
    hint:
      `Its log may say why: ${place.logFile}\nsudo kill -9 ${watched.pid} ends it. ` +
      'The kernel goes on counting until netmeter is started again and stopped in order.',
  });
}

function leftBehind(place: Place): string[] {
  return [place.socket, place.pidFile].filter((path) => existsSync(path));
}
