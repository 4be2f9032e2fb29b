import type { Migration } from './migration.js';

/** What was recorded elsewhere, and the names that remotes are known by. */
export const records: Migration = {
  version: 5,
  sql: `
CREATE TABLE imports (
  -- SHA-256 of what was in the file, unpacked.
  digest TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  file TEXT NOT NULL,
  imported_at INTEGER NOT NULL,
  -- The period it speaks of, where it says.
  began_at INTEGER,
  ended_at INTEGER,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE packages (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
-- The URL named none.
INSERT INTO packages (id, name) VALUES (0, '');

-- One request that a proxy served, by its log. Never added to what was counted.
CREATE TABLE proxy_requests (
  -- Of the line in the log: read again, it is the same request.
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  at INTEGER,
  client TEXT,
  outcome TEXT NOT NULL,
  code TEXT NOT NULL,
  served_bytes INTEGER NOT NULL CHECK (served_bytes >= 0),
  fetched_bytes INTEGER CHECK (fetched_bytes >= 0),
  package INTEGER NOT NULL REFERENCES packages (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX proxy_requests_by_time ON proxy_requests (at);
CREATE INDEX proxy_requests_by_package ON proxy_requests (package);

CREATE TABLE names (
  address TEXT NOT NULL,
  name TEXT NOT NULL,
  source TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (address, name)
) STRICT, WITHOUT ROWID;
`,
};
