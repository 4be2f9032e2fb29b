import type { EpochMs } from '../../src/units.js';
import type { LocalDays } from './local-days.js';
import { forgetOldRemotes, forgetRemotes, pruneDictionaries } from './remotes.js';
import { dropRows, rollUp } from './roll-up.js';
import type { SeriesCache } from './series-cache.js';
import { HOUR, KEEP_HOURS, KEEP_MINUTES, KEEP_SECONDS, link, MINUTE, traffic } from './tables.js';
import type { Writer } from './writer.js';

/** Builds are kept up to this number and this age, whichever ends first. */
export const KEEP_BUILDS = 10_000;
const KEEP_BUILDS_FOR = KEEP_HOURS;
/** Nobody asks again for a move of a build that is gone. */
const KEEP_MOVES_FOR = KEEP_BUILDS_FOR;

/** Rolls up and drops what its time has come for. Interrupted at any point, the next call goes on. */
export async function maintain(
  writer: Writer,
  series: SeriesCache,
  days: LocalDays,
  now: EpochMs,
): Promise<void> {
  const fineSince = await advanceFineSince(writer, now);
  for (const family of [traffic, link]) {
    await rollUp(writer, {
      family,
      from: 'seconds',
      to: 'minutes',
      until: floor(now - KEEP_SECONDS, MINUTE),
      bucketEnd: (instant) => Math.ceil(instant / MINUTE) * MINUTE,
    });
    await dropRows(writer, `${family.name}_seconds`, fineSince);
    await dropRows(writer, `${family.name}_minutes`, fineSince);
  }
  await forgetOldRemotes(writer);
  const hoursUntil = days.at(Math.max(1, now - KEEP_HOURS)).since;
  const bucketEnd = (instant: EpochMs) => days.at(instant).until;
  const toDays = { from: 'hours', to: 'days', until: hoursUntil, bucketEnd } as const;
  await rollUp(writer, {
    ...toDays,
    family: traffic,
    // Hours that a wrong clock dated long ago were never old enough to lose their remotes.
    prepare: (connection, { first, end }) => forgetRemotes(connection, first - 1, end),
  });
  await rollUp(writer, { ...toDays, family: link });
  await pruneDictionaries(writer, series);
  await dropOldBuilds(writer, now);
}

/** Seconds and minutes up to the returned instant count no more, from this one transaction on. */
function advanceFineSince(writer: Writer, now: EpochMs): Promise<EpochMs> {
  return writer.transaction(async (connection) => {
    const state = await connection.get<{ fine_since: number }>('SELECT fine_since FROM state');
    const before = state!.fine_since;
    // A clock that had been far ahead is right again: from the next hour on, rows are fine once more.
    const wasAhead = before > now;
    const after = wasAhead ? Math.ceil(now / HOUR) * HOUR : Math.max(before, floor(now - KEEP_MINUTES, HOUR));
    await connection.run(
      'UPDATE state SET fine_since = ?1, remotes_since = min(remotes_since, ?1) WHERE fine_since <> ?1',
      after,
    );
    return after;
  });
}

async function dropOldBuilds(writer: Writer, now: EpochMs): Promise<void> {
  await writer.transaction(async (connection) => {
    await connection.run('DELETE FROM builds WHERE started_at <= ?', now - KEEP_BUILDS_FOR);
    await connection.run(
      `DELETE FROM builds WHERE started_at <=
         (SELECT started_at FROM builds ORDER BY started_at DESC LIMIT 1 OFFSET ${KEEP_BUILDS})`,
    );
    await connection.run('DELETE FROM moves WHERE moved_at <= ?', now - KEEP_MOVES_FOR);
  });
}

function floor(instant: EpochMs, unit: number): EpochMs {
  return Math.max(0, Math.floor(instant / unit) * unit);
}
