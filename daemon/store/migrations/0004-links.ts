import type { Migration } from './migration.js';

/** What is known and wished of links, their budgets, and warnings, each of which is given once. */
export const links: Migration = {
  version: 4,
  sql: `
CREATE TABLE link_facts (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE budgets (link TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The link of the default route, from an instant on; NULL: there was none.
CREATE TABLE default_links (since INTEGER PRIMARY KEY, link TEXT) STRICT;

CREATE TABLE warnings (
  -- What it is about: the same thing is warned of once.
  key TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- 0 for what was passed together with something worse.
  told INTEGER NOT NULL CHECK (told IN (0, 1)),
  seen INTEGER NOT NULL DEFAULT 0 CHECK (seen IN (0, 1)),
  -- 0 once it is over, so that it may be warned of again.
  holds INTEGER NOT NULL DEFAULT 1 CHECK (holds IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX warnings_by_time ON warnings (at);
`,
};
