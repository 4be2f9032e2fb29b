import type { Migration } from './migration.js';

/** What steps said of their own cold cost, and what caches were filled with. */
export const savings: Migration = {
  version: 2,
  sql: `
ALTER TABLE builds ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0;
CREATE INDEX builds_unrecorded ON builds (started_at) WHERE recorded = 0;

CREATE TABLE step_runs (
  build TEXT NOT NULL,
  digest TEXT NOT NULL,
  lineage TEXT NOT NULL,
  shown TEXT NOT NULL,
  ended_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (build, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX step_runs_by_lineage ON step_runs (lineage, ended_at);
CREATE INDEX step_runs_by_shown ON step_runs (shown);
CREATE INDEX step_runs_by_end ON step_runs (ended_at);

CREATE TABLE cache_fills (
  record_id TEXT PRIMARY KEY,
  cache_id TEXT,
  last_used_at INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cache_fills_by_id ON cache_fills (cache_id);
`,
};
