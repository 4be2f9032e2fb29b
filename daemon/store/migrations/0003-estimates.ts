import type { Migration } from './migration.js';

/** What builds were expected to fetch, and what of the context they were to copy. */
export const estimates: Migration = {
  version: 3,
  sql: `
CREATE TABLE estimates (
  id INTEGER PRIMARY KEY,
  made_at INTEGER NOT NULL,
  context TEXT NOT NULL,
  dockerfile TEXT NOT NULL,
  fetch_bytes INTEGER,
  low_bytes INTEGER,
  high_bytes INTEGER,
  -- Kept of the newest only.
  inputs TEXT
) STRICT;
CREATE INDEX estimates_by_time ON estimates (made_at);
`,
};
