import { NetmeterError } from '../../src/errors.js';
import type { Connection } from './connection.js';

/**
 * The one connection that writes. Its statements run on a pool of threads, so what belongs together is
 * queued: nothing of anybody else comes between.
 */
export class Writer {
  readonly connection: Connection;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Runs `task` after everything queued before it, alone on the connection. */
  exclusive<Result>(task: (connection: Connection) => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new NetmeterError('internal', 'the store is closed'));
    return this.#enqueue(task);
  }

  /** The same in one transaction, undone when `task` fails. */
  transaction<Result>(task: (connection: Connection) => Promise<Result>): Promise<Result> {
    return this.exclusive(async (connection) => {
      await connection.run('BEGIN IMMEDIATE');
      try {
        const result = await task(connection);
        await connection.run('COMMIT');
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some errors, and says so when asked again.
        await connection.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  /** The last task; afterwards the connection is closed and nothing more is accepted. */
  close(last: (connection: Connection) => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return this.#enqueue(async (connection) => {
      try {
        await last(connection);
      } finally {
        await connection.close();
      }
    });
  }

  #enqueue<Result>(task: (connection: Connection) => Promise<Result>): Promise<Result> {
    const result = this.#last.then(() => task(this.connection));
    this.#last = result.catch(() => undefined);
    return result;
  }
}
