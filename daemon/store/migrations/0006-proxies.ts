import type { Migration } from './migration.js';

/** Series know which proxy the remote was at that time; proxies that were added by hand are kept. */
export const proxies: Migration = {
  version: 6,
  sql: `
CREATE TABLE proxies (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
-- No proxy, or none that was named.
INSERT INTO proxies (id, name) VALUES (0, '');

-- The key of series gets a column more, so that the table is made anew. Rows of hours and days refer to it.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE series_before AS SELECT id, owner, remote, class, link, tier FROM series;
DROP TABLE series;
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL REFERENCES owners (id),
  remote INTEGER NOT NULL REFERENCES remotes (id),
  class TEXT NOT NULL CHECK (class IN ('wan', 'lan', 'proxy', 'local')),
  link INTEGER NOT NULL REFERENCES links (id),
  tier TEXT NOT NULL CHECK (tier IN ('exact', 'header', 'polled', 'reported', 'link')),
  proxy INTEGER NOT NULL REFERENCES proxies (id),
  UNIQUE (owner, remote, class, link, tier, proxy)
) STRICT;
INSERT INTO series SELECT id, owner, remote, class, link, tier, 0 FROM series_before;
DROP TABLE series_before;
CREATE INDEX series_by_remote ON series (remote);
CREATE INDEX series_by_proxy ON series (proxy);

-- Whose wan bytes were what a proxy fetched, and when. An owner may be none that has moved anything yet.
CREATE TABLE proxy_owners (
  proxy INTEGER NOT NULL REFERENCES proxies (id),
  owner TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  PRIMARY KEY (proxy, owner, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE added_proxies (
  name TEXT PRIMARY KEY,
  address TEXT,
  container TEXT,
  added_at INTEGER NOT NULL,
  CHECK ((address IS NULL) <> (container IS NULL))
) STRICT, WITHOUT ROWID;
`,
};
