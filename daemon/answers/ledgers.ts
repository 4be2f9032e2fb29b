import type { Build, Step } from '../../src/builds/types.js';
import type { Tier } from '../../src/metering/types.js';
import { stepSum } from '../../src/report/builds.js';
import type { OwnerSum } from '../../src/report/sums.js';
import { actualOf } from '../../src/savings/actual.js';
import { Baselines } from '../../src/savings/baselines.js';
import { type BuildLedger, buildLedger } from '../../src/savings/build-ledger.js';
import { lineageOf, mayFetch, shownLineage } from '../../src/savings/identity.js';
import { fetchedFor } from '../../src/savings/proxy-share.js';
import type { LinkPrices, ProxyPeriod } from '../../src/savings/types.js';
import type { Interval } from '../../src/units.js';
import type { Store } from '../store/types.js';

/** Of links that nobody said anything of. */
export const NO_PRICES: LinkPrices = {
  priceOf: () => undefined,
  isMetered: () => undefined,
  linkAt: () => undefined,
};

export interface LedgersOptions {
  store: Pick<Store, 'stepRuns'>;
  tier: Tier;
  /** What proxies delivered and fetched; none are known without it. */
  proxyPeriods?: ((interval: Interval) => Promise<ProxyPeriod[]>) | undefined;
}

/** The ledgers of builds, by ref: two queries, however many builds there are. */
export async function ledgersOf(
  builds: readonly Build[],
  sums: ReadonlyMap<string, OwnerSum>,
  { store, tier, proxyPeriods }: LedgersOptions,
): Promise<Map<string, BuildLedger>> {
  const steps = builds.flatMap((build) => build.steps).filter(mayFetch);
  const lineages = new Set(steps.flatMap((step) => [lineageOf(step), shownLineage(step)]));
  const refs = builds.map(({ ref }) => ref);
  const [runs, periods] = await Promise.all([
    lineages.size === 0 ? [] : store.stepRuns([...lineages], refs),
    proxyPeriods?.(intervalOf(builds)) ?? [],
  ]);
  const baselines = new Baselines(runs);
  const fetched = fetchedFor(periods);
  return new Map(
    builds.map((build) => {
      const of = (step: Step) => actualOf(stepSum(build.ref, step, { sums }));
      return [build.ref, buildLedger({ build, tier, actualOf: of, baselines, fetchedFor: fetched })];
    }),
  );
}

function intervalOf(builds: readonly Build[]): Interval {
  return {
    from: Math.min(...builds.map((build) => build.startedAt)),
    to: Math.max(...builds.map((build) => build.completedAt ?? build.startedAt)),
  };
}
