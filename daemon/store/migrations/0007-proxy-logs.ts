import type { Migration } from './migration.js';

/** Logs of proxies that are followed: how far they were read, and whose requests are whose. */
export const proxyLogs: Migration = {
  version: 7,
  sql: `
-- Name of the proxy whose log was followed; null for what was imported alone.
ALTER TABLE proxy_requests ADD COLUMN proxy TEXT;

CREATE TABLE proxy_logs (
  -- Owner and path.
  log TEXT PRIMARY KEY,
  -- Device and inode.
  file TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  -- Hash of what stands right before the position.
  mark TEXT NOT NULL,
  read_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
};
