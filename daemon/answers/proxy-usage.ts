import { type ProxyRow, type ProxyUsage, proxyUsage } from '../../src/proxies/usage.js';
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
  const builds = await store.builds({ since: interval.from - 1, until: interval.to });
  const runs: Interval[] = [];
  for (const { startedAt, completedAt } of builds.toReversed()) {
    const to = completedAt ?? now;
    const last = runs.at(-1);
    if (last === undefined || startedAt > last.to) runs.push({ from: startedAt, to });
    else last.to = Math.max(last.to, to);
  }
  const periods = runs.map(({ from, to }, place) => {
    return { from, to: Math.min(to + LAST_TICK_MS, runs[place + 1]?.from ?? Number.POSITIVE_INFINITY) };
  });
  const chosen = periods.length > MOST_PERIODS ? [{ ...interval, to: interval.to + LAST_TICK_MS }] : periods;
  const usage = await proxyUsageIn(store, chosen, beyond);
  return chosen.flatMap((period, place) =>
    (usage[place] ?? []).map(({ name, delivered, fetched }) => ({
      name,
      interval: period,
      deliveredBytes: totalBytes(delivered),
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
