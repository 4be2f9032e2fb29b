import type { BuildRecord } from '../../../src/builds/facts.js';
import type { Build } from '../../../src/builds/types.js';
import type { EpochMs } from '../../../src/units.js';
import type { BuildBook } from './build-book.js';
import type { BuildkitConnection } from './types.js';

export interface Session {
  connection: BuildkitConnection;
  book: BuildBook;
  isKnown: (ref: string) => boolean | Promise<boolean>;
  unfinished: () => readonly Build[] | Promise<readonly Build[]>;
  now: () => EpochMs;
  signal: AbortSignal;
}

/**
 * Follows one connection to its end: listens to builds that start and end, and meanwhile reads those from
 * the history that ended while nobody listened.
 */
export async function followSession(session: Session, caughtUp: () => void): Promise<void> {
  const { connection, book } = session;
  const ended = new AbortController();
  const signal = AbortSignal.any([session.signal, ended.signal]);
  const live = listen({ ...session, signal });
  const past = catchUp({ ...session, signal }).then(caughtUp);
  try {
    await Promise.all([live, past]);
  } finally {
    ended.abort();
    connection.close();
    book.detach(session.now());
    await Promise.allSettled([live, past]);
  }
}

async function listen({ connection, book, signal }: Session): Promise<void> {
  for await (const { type, record } of connection.history({ activeOnly: true, earlyExit: false }, signal)) {
    if (type === 'started') book.started(record, connection);
    // Not awaited: the next build's start must not wait for the last messages of this one.
    else if (type === 'completed') void book.completed(record, connection);
  }
}

async function catchUp({ connection, book, isKnown, unfinished, signal }: Session): Promise<void> {
  // Taken before the history is asked: a build that starts meanwhile is in neither.
  const before = book.refs();
  const stored = await unfinished();
  const listed = new Set<string>();
  const completed: BuildRecord[] = [];
  for await (const { type, record } of connection.history({ activeOnly: false, earlyExit: true }, signal)) {
    listed.add(record.ref);
    if (type === 'started') book.started(record, connection);
    else if (type === 'completed') completed.push(record);
  }
  // In the order of their starts, so that whoever ran a step comes before those who shared it.
  completed.sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  for (const record of completed) {
    signal.throwIfAborted();
    if (before.has(record.ref) || !(await isKnown(record.ref))) await book.completed(record, connection);
  }
  const isLost = (ref: string): boolean => !listed.has(ref);
  book.lose(
    [...before].filter(isLost),
    stored.filter((build) => isLost(build.ref)),
  );
}
