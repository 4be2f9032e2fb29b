import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Store } from '../../../daemon/store/types.js';
import type { TrafficRow } from '../../../src/metering/types.js';
import {
  container,
  contradictions,
  DAY,
  HOUR,
  inDirectory,
  linkRow,
  MINUTE,
  NOON,
  open,
  raw,
  row,
  SECOND,
  tick,
  withStore,
} from './support.js';

const web = container('web');
const job = container('job');
const ALWAYS = { from: 0, to: NOON + 10_000 * DAY };
const LEVELS = ['seconds', 'minutes', 'hours', 'days'];

/** Ends of the stored rows, by level. */
async function ends(directory: string, family: 'traffic' | 'link' = 'traffic'): Promise<number[][]> {
  const levels: number[][] = [];
  for (const level of LEVELS) {
    const rows = await raw<{ ended_at: number }>(
      directory,
      `SELECT ended_at FROM ${family}_${level} ORDER BY 1`,
    );
    levels.push(rows.map(({ ended_at }) => ended_at));
  }
  return levels;
}

test('seconds for a day, minutes for a month, hours for two years, then days', async () => {
  await withStore(async (store, directory) => {
    const instants = [NOON, NOON + SECOND, NOON + MINUTE, NOON + MINUTE + 1];
    for (const end of instants) {
      await store.commit(
        tick(end, { owners: [web], rows: [row(web, end, 1)], links: [linkRow('eth0', end, 1)] }),
      );
    }
    const hours = [NOON, NOON + HOUR];
    const minutes = [NOON, NOON + MINUTE, NOON + 2 * MINUTE];
    const midnight = [NOON + 12 * HOUR];
    await store.maintain(NOON + DAY + MINUTE - 1);
    assert.equal(await ends(directory), [instants.slice(1), [NOON], hours, []]);
    assert.equal(await ends(directory, 'link'), [instants.slice(1), [NOON], hours, []]);
    await store.maintain(NOON + DAY + 3 * MINUTE);
    assert.equal(await ends(directory), [[], minutes, hours, []]);
    assert.equal(await ends(directory, 'link'), [[], minutes, hours, []]);
    await store.maintain(NOON + 31 * DAY);
    assert.equal(await ends(directory), [[], minutes.slice(1), hours, []]);
    await store.maintain(NOON + 31 * DAY + HOUR);
    assert.equal(await ends(directory), [[], [], hours, []]);
    await store.maintain(NOON + 731 * DAY + 11 * HOUR);
    assert.equal(await ends(directory), [[], [], hours, []]);
    await store.maintain(NOON + 731 * DAY + 12 * HOUR);
    assert.equal(await ends(directory), [[], [], [], midnight]);
    assert.equal(await ends(directory, 'link'), [[], [], [], midnight]);
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 4);
  });
});

test('days are those of the time zone that was asked for', async () => {
  const options = { timeZone: 'America/New_York' };
  await withStore(async (store, directory) => {
    // New York's clocks went forward the day before: midnight is at 04:00 UTC.
    for (const end of [Date.UTC(2026, 2, 9, 4), Date.UTC(2026, 2, 9, 5)]) {
      await store.commit(tick(end, { owners: [web], rows: [row(web, end, 1)] }));
    }
    await store.maintain(NOON + 800 * DAY);
    assert.equal((await ends(directory))[3], [Date.UTC(2026, 2, 9, 4), Date.UTC(2026, 2, 10, 4)]);
  }, options);
});

test('remotes are forgotten with the minutes, their bytes are not', async () => {
  await withStore(async (store, directory) => {
    const remotes = ['198.51.100.1', '198.51.100.2', '2001:db8::1'].map((address) => {
      return { address, port: 443, protocol: 'tcp' as const };
    });
    const later = NOON + 20 * DAY;
    for (const end of [NOON, later]) {
      await store.commit(
        tick(end, { owners: [web], rows: remotes.map((remote) => row(web, end, 5, { remote })) }),
      );
    }
    await store.maintain(NOON + 32 * DAY);
    const known = await store.remotes([web.id]);
    assert.equal(
      known.map(({ address, rxBytes }) => [address, rxBytes]),
      [['', 15], ...remotes.map(({ address }) => [address, 5])],
    );
    await store.maintain(later + 32 * DAY);
    assert.equal(await store.remotes([web.id]), [
      {
        ownerId: web.id,
        address: '',
        name: null,
        nameSource: null,
        port: 0,
        protocol: 'other',
        class: 'wan',
        rxBytes: 30,
        txBytes: 0,
      },
    ]);
    assert.is((await raw(directory, 'SELECT * FROM remotes')).length, 1);
    assert.is((await raw(directory, 'SELECT * FROM series')).length, 1);
    // The ids that earlier ticks used are gone.
    const end = later + 40 * DAY;
    await store.commit(tick(end, { rows: remotes.map((remote) => row(web, end, 1, { remote })) }));
    assert.is((await store.totals([web.id]))[0]?.rxBytes, 33);
    assert.is((await store.remotes([web.id])).length, 4);
    assert.equal(await contradictions(directory), []);
  });
});

test('what a wrong clock dated long ago or far ahead is kept and taken up', async () => {
  await withStore(async (store, directory) => {
    const ahead = NOON + 3_000 * DAY;
    const commit = (end: number) => store.commit(tick(end, { owners: [web], rows: [row(web, end, 1)] }));
    await commit(NOON);
    await commit(1_000);
    await store.maintain(NOON + MINUTE);
    assert.equal(await ends(directory), [[NOON], [], [NOON], [DAY]]);
    await commit(2_000);
    await store.maintain(NOON + MINUTE);
    assert.equal(await ends(directory), [[NOON], [], [NOON], [DAY]]);
    assert.equal(
      (await store.remotes([web.id])).map(({ address, rxBytes }) => [address, rxBytes]),
      [
        ['', 2],
        ['198.51.100.7', 1],
      ],
    );
    // The clock is set years ahead, the store is maintained, and the clock is set right again.
    await commit(ahead);
    await store.maintain(ahead);
    await commit(NOON + 2 * MINUTE);
    await store.maintain(NOON + 3 * MINUTE);
    await commit(NOON + 2 * HOUR);
    assert.equal(
      (await store.ownerRows(web.id, { from: NOON + HOUR, to: NOON + 3 * HOUR })).map(
        ({ interval }) => interval.to,
      ),
      [NOON + 2 * HOUR],
    );
    await store.maintain(NOON + 3 * HOUR);
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 6);
    assert.is((await store.totals([web.id]))[0]?.rxBytes, 6);
    await store.maintain(ahead + 800 * DAY);
    assert.is((await store.usage(ALWAYS))[0]?.rxBytes, 6);
    assert.equal(await contradictions(directory), []);
  });
});

test('ticks come between while a long backlog is rolled up', async () => {
  await withStore(async (store, directory) => {
    const remotes = Array.from({ length: 2_500 }, (_, port) => ({
      address: '198.51.100.3',
      port,
      protocol: 'tcp' as const,
    }));
    for (let place = 0; place < 8; place++) {
      const end = NOON + place * MINUTE;
      await store.commit(
        tick(end, { owners: [web], rows: remotes.map((remote) => row(web, end, 1, { remote })) }),
      );
    }
    const now = NOON + 2 * DAY;
    let maintained = false;
    const maintaining = store.maintain(now).then(() => {
      maintained = true;
    });
    const tickDone = store.commit(tick(now, { rows: [row(web, now, 1)] })).then(() => maintained);
    assert.is(await tickDone, false);
    await maintaining;
    assert.is((await store.totals([web.id]))[0]?.rxBytes, 8 * 2_500 + 1);
    assert.equal(await contradictions(directory), []);
  });
});

test('closing ends a maintenance that is under way, and the next one goes on', async () => {
  await inDirectory(async (directory) => {
    const store = await open(directory);
    for (let minute = 0; minute < 200; minute++) {
      const end = NOON + minute * MINUTE;
      await store.commit(tick(end, { owners: [web], rows: [row(web, end, 1)] }));
    }
    const maintaining = store.maintain(NOON + 2 * DAY).catch(() => undefined);
    await store.close();
    await maintaining;
    const again = await open(directory);
    try {
      assert.is(again.opened.unclean, false);
      assert.is((await again.totals([web.id]))[0]?.rxBytes, 200);
      await again.maintain(NOON + 2 * DAY);
      assert.equal((await ends(directory))[0], []);
      assert.equal(await contradictions(directory), []);
    } finally {
      await again.close();
    }
  });
});

const rows = fc.array(
  fc.record({
    owner: fc.constantFrom(web, job),
    end: fc.oneof(
      fc.integer({ min: 0, max: 1_200 * DAY }),
      fc.integer({ min: 0, max: 1_200 * 24 }).map((hours) => hours * HOUR),
      fc.integer({ min: 0, max: 90_000 }),
    ),
    bytes: fc.integer({ min: 1, max: 1e12 }),
    address: fc.constantFrom('198.51.100.1', '198.51.100.2', ''),
    class: fc.constantFrom('wan' as const, 'proxy' as const),
    link: fc.constantFrom('eth0', 'wlan0', undefined),
  }),
  { minLength: 1, maxLength: 50 },
);
/** Days between maintenances, which may also come too late or with a wrong clock. */
const maintenances = fc.array(fc.integer({ min: 0, max: 2_500 }), { minLength: 1, maxLength: 5 });

test('no order of ticks and maintenances loses or moves a byte', async () => {
  await fc.assert(
    fc.asyncProperty(rows, maintenances, fc.integer({ min: 1, max: 1_200 }), async (some, ages, day) => {
      await withStore(async (store, directory) => {
        const list = some.map(({ owner, end, bytes, address, ...more }): TrafficRow => {
          const remote = { address, port: address === '' ? 0 : 443, protocol: 'tcp' as const };
          return row(owner, NOON + end, bytes, { ...more, remote });
        });
        const share = Math.ceil(list.length / ages.length);
        for (const [place, age] of ages.entries()) {
          for (const each of list.slice(place * share, (place + 1) * share)) {
            const links = [linkRow('eth0', each.interval.to, each.rxBytes, 1)];
            await store.commit(tick(each.interval.to, { owners: [web, job], rows: [each], links }));
          }
          await store.maintain(NOON + age * DAY);
          assert.equal(await contradictions(directory), []);
        }
        const midnight = NOON + 12 * HOUR + day * DAY;
        for (const [from, to] of [
          [0, midnight],
          [midnight, ALWAYS.to],
          [midnight - DAY, midnight],
        ] as const) {
          assert.equal(await sums(store, from, to), model(list, from, to));
          const expected = list.filter(({ interval }) => interval.to > from && interval.to <= to);
          const links = await store.linkUsage({ from, to });
          assert.is(
            links[0]?.rxBytes ?? 0,
            expected.reduce((sum, { rxBytes }) => sum + rxBytes, 0),
          );
          assert.is(links[0]?.txDropped ?? 0, expected.length);
        }
      });
    }),
    { numRuns: 25 },
  );
});

async function sums(store: Store, from: number, to: number): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const each of await store.usage({ from, to })) {
    found[`${each.owner.id} ${each.class} ${each.link}`] = each.rxBytes;
  }
  return found;
}

function model(list: TrafficRow[], from: number, to: number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const each of list) {
    if (each.interval.to <= from || each.interval.to > to) continue;
    const key = `${each.ownerId} ${each.class} ${each.link}`;
    found[key] = (found[key] ?? 0) + each.rxBytes;
  }
  return found;
}

test.run();
