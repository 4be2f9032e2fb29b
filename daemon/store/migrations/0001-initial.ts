import type { Migration } from './migration.js';

const levels = ['seconds', 'minutes', 'hours', 'days'];

const trafficTables = levels.map(
  (level) => `
CREATE TABLE traffic_${level} (
  ended_at INTEGER NOT NULL,
  series INTEGER NOT NULL${level === 'hours' || level === 'days' ? ' REFERENCES series (id)' : ''},
  began_at INTEGER NOT NULL,
  rx_bytes INTEGER NOT NULL CHECK (rx_bytes >= 0),
  tx_bytes INTEGER NOT NULL CHECK (tx_bytes >= 0),
  rx_packets INTEGER NOT NULL CHECK (rx_packets >= 0),
  tx_packets INTEGER NOT NULL CHECK (tx_packets >= 0),
  PRIMARY KEY (ended_at, series)
) STRICT, WITHOUT ROWID;`,
);

const linkTables = levels.map(
  (level) => `
CREATE TABLE link_${level} (
  ended_at INTEGER NOT NULL,
  link INTEGER NOT NULL REFERENCES links (id),
  began_at INTEGER NOT NULL,
  rx_bytes INTEGER NOT NULL CHECK (rx_bytes >= 0),
  tx_bytes INTEGER NOT NULL CHECK (tx_bytes >= 0),
  rx_packets INTEGER NOT NULL CHECK (rx_packets >= 0),
  tx_packets INTEGER NOT NULL CHECK (tx_packets >= 0),
  tx_dropped INTEGER,
  PRIMARY KEY (ended_at, link)
) STRICT, WITHOUT ROWID;`,
);

/**
 * Rows are clustered by the end of their interval, so that a tick appends and a period is one range.
 * Hours and days hold every byte; seconds and minutes hold those after `fine_since` once more, finer.
 *
 * The foreign keys of `series` cost a look-up only where rows are few: seconds and minutes have none,
 * since each of their series has a row in hours that does, and the check when a series is deleted would
 * need an index that every tick would pay for.
 */
export const initial: Migration = {
  version: 1,
  sql: `
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- 1 while a writer has the database open: still 1 at the next opening after an unclean end.
  open INTEGER NOT NULL DEFAULT 0,
  epoch TEXT,
  last_tick_at INTEGER,
  -- Seconds and minutes are complete after this instant, a whole hour.
  fine_since INTEGER NOT NULL DEFAULT 0,
  -- Hours up to this instant have lost their remotes.
  remotes_since INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO state (id) VALUES (1);

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE owners (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('step', 'pull', 'engine', 'container', 'proxy', 'relay', 'host')),
  name TEXT NOT NULL,
  facts TEXT NOT NULL
) STRICT;

CREATE TABLE remotes (
  id INTEGER PRIMARY KEY,
  address TEXT NOT NULL,
  port INTEGER NOT NULL,
  protocol TEXT NOT NULL CHECK (protocol IN ('tcp', 'udp', 'other')),
  UNIQUE (address, port, protocol)
) STRICT;
-- No remote known, or no longer kept.
INSERT INTO remotes (id, address, port, protocol) VALUES (0, '', 0, 'other');

CREATE TABLE links (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
-- Crossed no link.
INSERT INTO links (id, name) VALUES (0, '');

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL REFERENCES owners (id),
  remote INTEGER NOT NULL REFERENCES remotes (id),
  class TEXT NOT NULL CHECK (class IN ('wan', 'lan', 'proxy', 'local')),
  link INTEGER NOT NULL REFERENCES links (id),
  tier TEXT NOT NULL CHECK (tier IN ('exact', 'header', 'polled', 'reported', 'link')),
  UNIQUE (owner, remote, class, link, tier)
) STRICT;
CREATE INDEX series_by_remote ON series (remote);
${trafficTables.join('\n')}
CREATE INDEX traffic_hours_by_series ON traffic_hours (series);
CREATE INDEX traffic_days_by_series ON traffic_days (series);
${linkTables.join('\n')}

-- Not WITHOUT ROWID: in order of arrival, the counters that move are on few pages; by key they are on many.
CREATE TABLE positions (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL,
  packets INTEGER NOT NULL
) STRICT;

CREATE TABLE moves (id TEXT PRIMARY KEY, moved_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE builds (
  ref TEXT PRIMARY KEY,
  started_at INTEGER NOT NULL,
  status TEXT NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX builds_by_start ON builds (started_at);
`,
};
