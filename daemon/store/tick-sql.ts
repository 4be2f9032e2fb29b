import { addOnConflict, bucketEnd, columns, type Family, HOUR, link, traffic } from './tables.js';

/**
 * A tick is one INSERT into a view, whose trigger does all there is to do. A statement is a transaction
 * by itself: nothing can be half done, there is no BEGIN to be left open, and the thread pool is entered
 * once instead of eight times, which is what most of a small tick costs.
 *
 * Views and triggers are temporary: they belong to this version of the code, not to the schema.
 */
export const TICK_SETUP = `
${intake(traffic)}
${intake(link)}

CREATE TEMP VIEW tick AS SELECT NULL AS ended_at, NULL AS epoch, NULL AS owners, NULL AS fresh,
  NULL AS known, NULL AS links, NULL AS positions, NULL AS forget;

CREATE TEMP TRIGGER tick_in INSTEAD OF INSERT ON tick BEGIN
  DELETE FROM positions WHERE NEW.epoch IS NOT (SELECT epoch FROM state);

  INSERT INTO owners (key, kind, name, facts)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(NEW.owners) WHERE true
    ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, name = excluded.name, facts = excluded.facts;

  INSERT INTO remotes (address, port, protocol)
    SELECT value ->> 1, value ->> 2, value ->> 3 FROM json_each(NEW.fresh) WHERE true
    ON CONFLICT DO NOTHING;
  INSERT INTO links (name)
    SELECT value ->> 5 FROM json_each(NEW.fresh)
    UNION SELECT value ->> 0 FROM json_each(NEW.links) WHERE true
    ON CONFLICT DO NOTHING;
  INSERT INTO proxies (name) SELECT value ->> 13 FROM json_each(NEW.fresh) WHERE true ON CONFLICT DO NOTHING;
  -- An owner that was never given is NULL here and fails the tick; a join would lose its bytes.
  INSERT INTO series (owner, remote, class, link, tier, proxy)
    SELECT (SELECT id FROM owners WHERE key = value ->> 0),
      (SELECT id FROM remotes WHERE address = value ->> 1 AND port = value ->> 2 AND protocol = value ->> 3),
      value ->> 4, (SELECT id FROM links WHERE name = value ->> 5), value ->> 6,
      (SELECT id FROM proxies WHERE name = value ->> 13)
    FROM json_each(NEW.fresh) WHERE true
    ON CONFLICT DO NOTHING;

  INSERT INTO traffic_in
    SELECT value ->> 8, ${seriesOf('value')}, value ->> 7, value ->> 9, value ->> 10, value ->> 11, value ->> 12
    FROM json_each(NEW.fresh);
  INSERT INTO traffic_in
    SELECT value ->> 2, value ->> 0, value ->> 1, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(NEW.known);
  INSERT INTO link_in
    SELECT value ->> 2, (SELECT id FROM links WHERE name = value ->> 0), value ->> 1,
      value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
    FROM json_each(NEW.links);

  INSERT INTO positions (key, bytes, packets)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(NEW.positions) WHERE true
    ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes, packets = excluded.packets;
  DELETE FROM positions WHERE key IN (SELECT value FROM json_each(NEW.forget));

  UPDATE state SET epoch = NEW.epoch, last_tick_at = NEW.ended_at;
END;
`;

export const TICK = 'INSERT INTO tick VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

/** Ids of the series that rows of the shape of `fresh` belong to, by their place in the list. */
export const LEARN = `SELECT key AS place, ${seriesOf('value')} AS series FROM json_each(?)`;

/** A view that puts every row into seconds and into its hour, so that the two always hold the same bytes. */
function intake(family: Family): string {
  const names = columns(family).split(', ');
  const values = names.map((name) => `NEW.${name}`).join(', ');
  const hour = values.replace('NEW.ended_at', bucketEnd('NEW.ended_at', HOUR));
  return `
CREATE TEMP VIEW ${family.name}_in AS SELECT ${names.map((name) => `NULL AS ${name}`).join(', ')};
CREATE TEMP TRIGGER ${family.name}_in_both INSTEAD OF INSERT ON ${family.name}_in BEGIN
  INSERT INTO ${family.name}_seconds VALUES (${values}) ${addOnConflict(family)};
  INSERT INTO ${family.name}_hours VALUES (${hour}) ${addOnConflict(family)};
END;`;
}

function seriesOf(row: string): string {
  return `(SELECT series.id FROM series
      JOIN owners ON owners.id = series.owner
      JOIN remotes ON remotes.id = series.remote
      JOIN links ON links.id = series.link
      JOIN proxies ON proxies.id = series.proxy
      WHERE owners.key = ${row} ->> 0 AND remotes.address = ${row} ->> 1 AND remotes.port = ${row} ->> 2
        AND remotes.protocol = ${row} ->> 3 AND series.class = ${row} ->> 4 AND links.name = ${row} ->> 5
        AND series.tier = ${row} ->> 6 AND proxies.name = ${row} ->> 13)`;
}
