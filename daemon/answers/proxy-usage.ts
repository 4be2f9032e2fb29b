import { type ProxyRow, type ProxyUsage, proxyUsage } from '../../src/proxies/usage.js';
import { type ProxyOverhead, proxyOverheads } from '../../src/savings/proxy-overhead.js';
import type { ProxyPeriod } from '../../src/savings/types.js';
import { type Interval, totalBytes } from '../../src/units.js';
import type { ProxyTraffic } from '../store/proxy-traffic.js';
import type { Store } from '../store/types.js';

/** A ledger is asked of so many builds that each of them is looked at by itself; of more, all together. */
const MOST_PERIODS = 400;
/** What a build's last tick counted is dated up to this much later. */
const LAST_TICK_MS = 1_500;

/**
 * What each proxy delivered and fetched, per period.
 * @param beyond names of proxies that are reached over an uplink
 */
export async function proxyUsageIn(
  store: Store,
  periods: readonly Interval[],
  beyond: ReadonlySet<string>,
): Promise<ProxyUsage[][]> {
  const whole = {
    from: Math.min(...periods.map(({ from }) => from)),
    to: Math.max(...periods.map(({ to }) => to)),
  };
  const owners = periods.length === 0 ? [] : await store.proxyOwners(whole);
  const parts = periods.flatMap((period, of) =>
    owners.flatMap((owner) => {
      const interval = overlap(owner.interval, period);
      return interval === undefined ? [] : [{ of, owner: { ...owner, interval } }];
    }),
  );
  const asked = [...periods, ...parts.map(({ owner }) => owner.interval)];
  const ownerIds = [...new Set(owners.map(({ ownerId }) => ownerId))];
  const rows = asked.length === 0 ? [] : await store.proxyTraffic(asked, ownerIds);
  const byPeriod = new Map<number, ProxyRow[]>();
  for (const row of rows) byPeriod.set(row.period, [...(byPeriod.get(row.period) ?? []), rowOf(row)]);
  return periods.map((_, place) => {
    const own = parts.flatMap(({ of, owner }, at) => {
      if (of !== place) return [];
      const moved = byPeriod.get(periods.length + at) ?? [];
      return [{ owner, rows: moved.filter(({ ownerId }) => ownerId === owner.ownerId) }];
    });
    return proxyUsage({ all: byPeriod.get(place) ?? [], own, beyond });
  });
}

/**
 * What the ledger has to know of proxies: each run of builds that overlap is a period of its own, since what
 * was fetched for one saved nothing of it, however much it saves the next.
 */
export async function proxyPeriodsIn(
  store: Store,
  interval: Interval,
  beyond: ReadonlySet<string>,
  now: number,
): Promise<ProxyPeriod[]> {
  const periods = await runsIn(store, { from: interval.from - 1, to: interval.to }, now);
  const chosen = periods.length > MOST_PERIODS ? [{ ...interval, to: interval.to + LAST_TICK_MS }] : periods;
  return periodsOf(store, chosen, beyond);
}

/** What proxies fetched that nobody asked them for, between the runs of builds and in them. */
export async function proxyOverheadsIn(
  store: Store,
  interval: Interval,
  beyond: ReadonlySet<string>,
  now: number,
): Promise<ProxyOverhead[]> {
  const runs = await runsIn(store, interval, now);
  const chosen = runs.length > MOST_PERIODS ? [interval] : withGaps(runs, interval);
  return proxyOverheads(await periodsOf(store, chosen, beyond));
}

/** Times in which builds ran that began in the interval, with the ticks that count their last bytes. */
async function runsIn(store: Store, { from, to: until }: Interval, now: number): Promise<Interval[]> {
  const builds = await store.builds({ since: from, until });
  const runs: Interval[] = [];
  for (const { startedAt, completedAt } of builds.toReversed()) {
    const to = completedAt ?? now;
    const last = runs.at(-1);
    if (last === undefined || startedAt > last.to) runs.push({ from: startedAt, to });
    else last.to = Math.max(last.to, to);
  }
  return runs.map(({ from: began, to }, place) => {
    return {
      from: began,
      to: Math.min(to + LAST_TICK_MS, runs[place + 1]?.from ?? Number.POSITIVE_INFINITY),
    };
  });
}

/** All of an interval: what is in it of the runs, and what is between them. */
function withGaps(runs: readonly Interval[], { from, to }: Interval): Interval[] {
  const all: Interval[] = [];
  let end = from;
  for (const run of runs) {
    all.push({ from: end, to: run.from }, { from: run.from, to: Math.min(run.to, to) });
    end = Math.min(run.to, to);
  }
  all.push({ from: end, to });
  return all.filter((each) => each.from < each.to);
}

async function periodsOf(
  store: Store,
  periods: readonly Interval[],
  beyond: ReadonlySet<string>,
): Promise<ProxyPeriod[]> {
  const usage = await proxyUsageIn(store, periods, beyond);
  return periods.flatMap((period, place) =>
    (usage[place] ?? []).map(({ name, deliveredOnLink, fetched }) => ({
      name,
      interval: period,
      deliveredBytes: deliveredOnLink,
      fetchedBytes: fetched === undefined ? undefined : totalBytes(fetched),
    })),
  );
}

function overlap(a: Interval, b: Interval): Interval | undefined {
  const interval = { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
  return interval.from < interval.to ? interval : undefined;
}

function rowOf({ proxy, ...row }: ProxyTraffic): ProxyRow {
  return { ...row, proxy: proxy === '' ? undefined : proxy };
}
