import type { LocalDays } from '../../src/time/local-days.js';
import type { EpochMs } from '../../src/units.js';
import { forgetOldNames } from './imports.js';
import { dropOldRequests } from './proxy-logs.js';
import { forgetOldRemotes, forgetRemotes, pruneDictionaries } from './remotes.js';
import { dropRows, rollUp } from './roll-up.js';
import { dropOldRecords } from './savings.js';
import type { SeriesCache } from './series-cache.js';
import { DAY, HOUR, KEEP_HOURS, KEEP_MINUTES, KEEP_SECONDS, link, MINUTE, traffic } from './tables.js';
import { dropWarnings } from './warnings.js';
import type { Writer } from './writer.js';

/** Builds are kept up to this number and this age, whichever ends first. */
const KEEP_BUILDS = 10_000;
const KEEP_BUILDS_FOR = KEEP_HOURS;
/** Nobody asks again for a move of a build that is gone. */
const KEEP_MOVES_FOR = KEEP_BUILDS_FOR;
/** Longer than most billing cycles, so that none of one cycle is given again. */
const KEEP_WARNINGS_FOR = 400 * DAY;

/** Rolls up and drops what its time has come for. Interrupted at any point, the next call goes on. */
export async function maintain(
  writer: Writer,
  series: SeriesCache,
  days: () => LocalDays,
  now: EpochMs,
): Promise<void> {
  const fineSince = await advanceFineSince(writer, now);
  for (const family of [traffic, link]) {
    await rollUp(writer, {
      family,
      from: 'seconds',
      to: 'minutes',
      until: floor(now - KEEP_SECONDS, MINUTE),
      bucketEnd: (instant) => ceil(instant, MINUTE),
    });
    await dropRows(writer, `${family.name}_seconds`, fineSince);
    await dropRows(writer, `${family.name}_minutes`, fineSince);
  }
  await forgetOldRemotes(writer);
  const keepHoursSince = Math.max(0, now - KEEP_HOURS);
  if (await hasHoursUntil(writer, keepHoursSince)) await hoursToDays(writer, days(), keepHoursSince);
  await dropOldBuilds(writer, now);
  await writer.exclusive((connection) => dropWarnings(connection, now - KEEP_WARNINGS_FOR));
  await pruneDictionaries(writer, series);
}

async function hasHoursUntil(writer: Writer, until: EpochMs): Promise<boolean> {
  const row = await writer.exclusive((connection) =>
    connection.get(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM traffic_hours WHERE ended_at <= ?1)
         OR EXISTS (SELECT 1 FROM link_hours WHERE ended_at <= ?1)`,
      until,
    ),
  );
  return row !== undefined;
}

async function hoursToDays(writer: Writer, days: LocalDays, keepSince: EpochMs): Promise<void> {
  // The instant after, since midnight itself belongs to the day it ends.
  const until = days.at(keepSince + 1).since;
  const bucketEnd = (instant: EpochMs) => days.at(instant).until;
  const toDays = { from: 'hours', to: 'days', until, bucketEnd } as const;
  await rollUp(writer, {
    ...toDays,
    family: traffic,
    // Hours that a wrong clock dated long ago were never old enough to lose their remotes.
    prepare: (connection, { first, end }) => forgetRemotes(connection, first - 1, end),
  });
  await rollUp(writer, { ...toDays, family: link });
}

/** The ends of the last hours and days up to an instant. */
const LAST_COARSE = ['traffic_hours', 'traffic_days', 'link_hours', 'link_days']
  .map((table) => `SELECT max(ended_at) AS ended_at FROM ${table} WHERE ended_at <= ?1`)
  .join(' UNION ALL ');

/** Seconds and minutes up to the returned instant count no more, from this one transaction on. */
function advanceFineSince(writer: Writer, now: EpochMs): Promise<EpochMs> {
  return writer.transaction(async (connection) => {
    const state = await connection.get<{ fine_since: number }>('SELECT fine_since FROM state');
    const before = state!.fine_since;
    let after = Math.max(before, floor(now - KEEP_MINUTES, HOUR));
    if (before > now) {
      // A clock that had been far ahead is right again. Rows are fine once more after this hour, and after
      // those whose seconds and minutes are gone.
      const last = await connection.get<{ ended_at: number | null }>(
        `SELECT max(ended_at) AS ended_at FROM (${LAST_COARSE})`,
        before,
      );
      after = ceil(Math.max(now, last?.ended_at ?? 0), HOUR);
    }
    await connection.run(
      'UPDATE state SET fine_since = ?1, remotes_since = min(remotes_since, ?1) WHERE fine_since <> ?1',
      after,
    );
    return after;
  });
}

async function dropOldBuilds(writer: Writer, now: EpochMs): Promise<void> {
  await writer.transaction(async (connection) => {
    // Records are imported on purpose, however old.
    await connection.run(
      "DELETE FROM builds WHERE started_at <= ? AND document ->> '$.imported' IS NULL",
      now - KEEP_BUILDS_FOR,
    );
    await connection.run(
      `DELETE FROM builds WHERE started_at <=
         (SELECT started_at FROM builds ORDER BY started_at DESC LIMIT 1 OFFSET ${KEEP_BUILDS})`,
    );
    await connection.run('DELETE FROM moves WHERE moved_at <= ?', now - KEEP_MOVES_FOR);
    await dropOldRecords(connection, now - KEEP_BUILDS_FOR);
    await forgetOldNames(connection, now);
    await dropOldRequests(connection, now);
    await connection.run('DELETE FROM proxy_owners WHERE until <= ?', now - KEEP_HOURS);
  });
}

function ceil(instant: EpochMs, unit: number): EpochMs {
  return Math.ceil(instant / unit) * unit;
}

function floor(instant: EpochMs, unit: number): EpochMs {
  return Math.max(0, Math.floor(instant / unit) * unit);
}
