import { pathToFileURL } from 'node:url';
import sqlite3 from 'sqlite3';
import { storeError } from './sqlite-error.js';

type Parameter = string | number | null;

/** https://www.sqlite.org/c3ref/c_open_autoproxy.html; the package does not name it. */
const OPEN_NOFOLLOW = 0x01000000;
/** Longer than any transaction of this project's own; a tick must not wait for others much longer than that. */
const BUSY_TIMEOUT_MS = 2_000;

interface ConnectionOptions {
  readOnly: boolean;
  /** The file cannot change while it is read: SQLite then needs neither locks nor files beside it. */
  immutable?: boolean;
}

/**
 * One connection to a database file, with promises and statements prepared once. Every call steps its
 * statement to the end, since one that is left half-way holds its snapshot and stops checkpoints.
 * Errors are NetmeterErrors, see `storeError`.
 */
export class Connection {
  readonly path: string;
  readonly #database: sqlite3.Database;
  readonly #statements = new Map<string, Promise<sqlite3.Statement>>();
  #damaged = false;

  private constructor(path: string, database: sqlite3.Database) {
    this.path = path;
    this.#database = database;
  }

  /** @param path of a file that exists */
  static async open(path: string, options: ConnectionOptions): Promise<Connection> {
    const access = options.readOnly ? sqlite3.OPEN_READONLY : sqlite3.OPEN_READWRITE;
    const uri = pathToFileURL(path);
    if (options.immutable === true) uri.searchParams.set('immutable', '1');
    const mode = access | sqlite3.OPEN_URI | sqlite3.OPEN_FULLMUTEX | OPEN_NOFOLLOW;
    const database = await new Promise<sqlite3.Database>((resolve, reject) => {
      const opening = new sqlite3.Database(uri.href, mode, (error) =>
        error === null ? resolve(opening) : reject(storeError(error, path)),
      );
    });
    database.configure('busyTimeout', BUSY_TIMEOUT_MS);
    return new Connection(path, database);
  }

  /** SQLite has found the file to be damaged since it was opened. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** Runs one statement. @returns the rows it changed, without those that triggers changed */
  async run(sql: string, ...parameters: Parameter[]): Promise<number> {
    const statement = await this.#prepare(sql);
    return new Promise((resolve, reject) => {
      const report = this.#reject(reject, statement);
      statement.run(parameters, function (error) {
        error === null ? resolve(this.changes) : report(error);
      });
    });
  }

  async all<Row>(sql: string, ...parameters: Parameter[]): Promise<Row[]> {
    const statement = await this.#prepare(sql);
    return new Promise((resolve, reject) => {
      const report = this.#reject(reject, statement);
      statement.all<Row>(parameters, (error, rows) => {
        error === null ? resolve(rows) : report(error);
      });
    });
  }

  /** The first row. */
  async get<Row>(sql: string, ...parameters: Parameter[]): Promise<Row | undefined> {
    const rows = await this.all<Row>(sql, ...parameters);
    return rows[0];
  }

  /** Runs several statements without parameters. */
  exec(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const report = this.#reject(reject);
      this.#database.exec(sql, (error) => {
        error === null ? resolve() : report(error);
      });
    });
  }

  async close(): Promise<void> {
    for (const preparing of this.#statements.values()) {
      const statement = await preparing;
      await new Promise<void>((resolve) => {
        statement.finalize(() => resolve());
      });
    }
    this.#statements.clear();
    await new Promise<void>((resolve, reject) => {
      this.#database.close((error) => {
        error === null ? resolve() : reject(storeError(error, this.path));
      });
    });
  }

  #prepare(sql: string): Promise<sqlite3.Statement> {
    let preparing = this.#statements.get(sql);
    if (preparing === undefined) {
      preparing = new Promise((resolve, reject) => {
        const report = this.#reject(reject);
        const statement = this.#database.prepare(sql, (error) => {
          if (error === null) return resolve(statement);
          this.#statements.delete(sql);
          report(error);
        });
      });
      this.#statements.set(sql, preparing);
    }
    return preparing;
  }

  /**
   * @param statement reset first: one that found the database locked goes on waiting to be tried again, and as
   *   long as it does, what others write is not committed
   */
  #reject(reject: (error: Error) => void, statement?: sqlite3.Statement): (error: unknown) => void {
    return (error) => {
      const meaning = storeError(error, this.path);
      if (meaning.code === 'database-damaged') this.#damaged = true;
      if (statement === undefined) reject(meaning);
      else statement.reset(() => reject(meaning));
    };
  }
}
