import type { ImportAnswer, ImportPart } from '../../src/records/import.js';

export interface ImportOptions {
  signal: AbortSignal;
  now: number;
  /** nginx's log_format. */
  format: string | undefined;
  /** Stores a part; undefined where nothing is to be stored. */
  send: ((part: ImportPart) => Promise<ImportAnswer>) | undefined;
}
