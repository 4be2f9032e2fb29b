import { adviseOn } from '../../src/advice/advise.js';
import { adviseDocument } from '../../src/advice/document.js';
import { buildsOf, historyOf } from '../../src/advice/history.js';
import type { Build } from '../../src/builds/types.js';
import { readDockerfile } from '../../src/dockerfile/read.js';
import { NetmeterError } from '../../src/errors.js';
import { medianError, tieEstimates } from '../../src/estimate/tie.js';
import type { Tier } from '../../src/metering/types.js';
import type {
  AdviseDocument,
  BuildDocument,
  BuildShowDocument,
  BuildsDocument,
  RemotesDocument,
  ReportDocument,
} from '../../src/protocol/documents.js';
import type { RequestParams } from '../../src/protocol/messages.js';
import {
  type BuildUsage,
  buildDocument,
  buildOwnerIds,
  buildShowDocument,
  buildsDocument,
  remotesDocument,
} from '../../src/report/builds.js';
import { periodReport } from '../../src/report/period.js';
import { reconciliationDocument } from '../../src/report/status.js';
import { sumByOwner } from '../../src/report/sums.js';
import type { ProxyOverhead } from '../../src/savings/proxy-overhead.js';
import type { LinkPrices, ProxyPeriod } from '../../src/savings/types.js';
import type { EpochMs, Interval } from '../../src/units.js';
import type { Store } from '../store/types.js';
import { adviceOnBuilds } from './advice.js';
import { ledgersOf, NO_PRICES } from './ledgers.js';
import { type LinkKnowledge, type LinkPolicy, reconcileLinks } from './links.js';
import { wasMetered } from './metered.js';

export interface StoredAnswersOptions {
  store: Store;
  now(): EpochMs;
  /** Tier of the meter, for steps that moved nothing. */
  tier: Tier;
  links: LinkKnowledge;
  policy: LinkPolicy;
  /** Builds that run now and are newer than what is stored. */
  running(): readonly Build[];
  /** What links cost; nothing is known without it. */
  prices?: LinkPrices | undefined;
  /** What proxies delivered and fetched in a period; none are known without it. */
  proxyPeriods?: ((interval: Interval) => Promise<ProxyPeriod[]>) | undefined;
  /** What proxies fetched for nobody; none is known without it. */
  proxyOverheads?: ((interval: Interval) => Promise<ProxyOverhead[]>) | undefined;
}

const DEFAULT_BUILDS = 20;
const DEFAULT_REMOTES = 100;
const HOUR = 3_600_000;
/** Looked at for advice, the newest. */
const MOST_BUILDS = 1000;

/** What others recorded is listed, and added to nothing. */
async function seenBuilds(store: Store, { from, to }: Interval): Promise<Build[]> {
  const builds = await store.builds({ since: from, until: to });
  return builds.filter(({ imported }) => imported === undefined);
}

/** Answers that need nothing but what is stored. */
export class StoredAnswers {
  readonly #options: StoredAnswersOptions;

  constructor(options: StoredAnswersOptions) {
    this.#options = options;
  }

  async builds({ limit = DEFAULT_BUILDS }: RequestParams['builds']): Promise<BuildsDocument> {
    const builds = this.#fresh(await this.#options.store.builds({ limit }));
    return buildsDocument(builds, await this.#usageOf(builds, false));
  }

  /** @throws NetmeterError `not-found`, `ambiguous` */
  async build({ ref }: RequestParams['build']): Promise<BuildShowDocument> {
    const build = await this.#options.store.build(ref);
    if (build === undefined) {
      throw new NetmeterError('not-found', `there is no build ${JSON.stringify(ref)}`, {
        hint: 'netmeter builds lists them.',
      });
    }
    return this.show(build);
  }

  async show(build: Build): Promise<BuildShowDocument> {
    const builds = this.#fresh([build]);
    return buildShowDocument(builds[0] ?? build, await this.#usageOf(builds, true));
  }

  async document(build: Build): Promise<BuildDocument> {
    const builds = this.#fresh([build]);
    return buildDocument(builds[0] ?? build, await this.#usageOf(builds, false));
  }

  async remotes({ since, limit = DEFAULT_REMOTES }: RequestParams['remotes']): Promise<RemotesDocument> {
    const { store, now } = this.#options;
    return remotesDocument(since, await store.periodRemotes({ from: since, to: now() }, limit));
  }

  async report({ since, until, timeZone }: RequestParams['report']): Promise<ReportDocument> {
    const { store, now, policy } = this.#options;
    const period = { from: since, to: until ?? now() };
    const before = { from: Math.max(0, since - (period.to - since)), to: since };
    const overheadsIn = this.#options.proxyOverheads ?? (async () => []);
    const [usage, linkRows, builds, days, previous, previousBuilds] = await Promise.all([
      store.usage(period),
      store.linkUsage(period),
      seenBuilds(store, period),
      store.days(period, timeZone),
      store.days(before, timeZone),
      seenBuilds(store, before),
    ]);
    const fresh = this.#fresh(builds);
    const buildUsage = await this.#usageOf(fresh, false);
    return periodReport({
      period,
      timeZone,
      isMetered: usage.length > 0 || linkRows.length > 0 || (await wasMetered(store, period.to)),
      usage,
      links: await Promise.all(
        reconcileLinks(linkRows, usage, this.#options.links).map(async (link) => ({
          ...link,
          metered: policy.metered(link.name).metered,
          budget: await policy.budget(link.name),
          reconciliation: reconciliationDocument(link.reconciliation),
        })),
      ),
      builds: fresh,
      buildUsage,
      overheads: await overheadsIn(period),
      advice: await adviceOnBuilds(fresh, buildUsage),
      estimates: await this.#estimates(period, fresh, buildUsage),
      days,
      previousUsedBytes:
        previous.length === 0 ? undefined : previous.reduce((sum, day) => sum + day.usedBytes, 0),
      previousBuilds,
      previousBuildUsage: await this.#usageOf(previousBuilds, false),
      previousOverheads: await overheadsIn(before),
      prices: this.#options.prices ?? NO_PRICES,
    });
  }

  /** @throws NetmeterError `unreadable-input` for what is no Dockerfile */
  async advise(params: RequestParams['advise']): Promise<AdviseDocument> {
    const { text, file, path, since, until } = params;
    const parsed = readDockerfile(text, file);
    const builds = this.#fresh(
      await this.#options.store.builds({ since, until: until ?? this.#options.now(), limit: MOST_BUILDS }),
    );
    const history = historyOf(buildsOf(parsed, path, builds), await this.#usageOf(builds, false));
    return adviseDocument(file, adviseOn(parsed, history));
  }

  /** A running build is stored at most once a second; what is known of it now is newer. */
  #fresh(builds: readonly Build[]): Build[] {
    const running = new Map(this.#options.running().map((build) => [build.ref, build]));
    return builds.map((build) => running.get(build.ref) ?? build);
  }

  /** How good the estimates of the period's builds were. */
  async #estimates(period: Interval, builds: readonly Build[], usage: BuildUsage) {
    const made = await this.#options.store.estimates(period.from - HOUR, period.to);
    const completed = builds.filter((build) => build.status === 'completed');
    return medianError(tieEstimates(made, completed), (ref) => {
      const build = completed.find((each) => each.ref === ref);
      const wan = build && buildDocument(build, usage).wan;
      return wan?.rxBytes == null ? undefined : wan.rxBytes + wan.txBytes;
    });
  }

  /** Bytes of the builds' steps. */
  usageOf(builds: readonly Build[]): Promise<BuildUsage> {
    return this.#usageOf(builds, false);
  }

  async #usageOf(builds: readonly Build[], withRemotes: boolean): Promise<BuildUsage> {
    const { store, tier, policy } = this.#options;
    const ids = builds.flatMap(buildOwnerIds);
    const [usage, remotes] = await Promise.all([
      store.totals(ids),
      withRemotes ? store.remotes(ids) : Promise.resolve([]),
    ]);
    const sums = sumByOwner(usage);
    const ledgers = await ledgersOf(builds, sums, this.#options);
    return { sums, remotes, tier, ledgers, isMetered: (link) => policy.metered(link).metered };
  }
}
