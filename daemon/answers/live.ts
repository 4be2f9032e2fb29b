import type { SourceState } from '../../src/metering/types.js';
import type { LinkRow } from '../../src/metering/usage.js';
import type { BuildDocument, StatusDocument, WarningDocument } from '../../src/protocol/documents.js';
import type { RequestParams, RunUsage } from '../../src/protocol/messages.js';
import { remoteDocument } from '../../src/report/builds.js';
import { statusDocument } from '../../src/report/status.js';
import { emptySum, sumByOwner, transferOf } from '../../src/report/sums.js';
import { type EpochMs, type Interval, noTraffic } from '../../src/units.js';
import type { Run } from '../run-cgroup/run-cgroups.js';
import type { Store } from '../store/types.js';
import { type LinkKnowledge, type LinkPolicy, reconcileLinks } from './links.js';

export interface LiveAnswersOptions {
  store: Store;
  now(): EpochMs;
  pid: number;
  version: string;
  startedAt: EpochMs;
  /** Counts and settles everything up to this moment. */
  refresh(): Promise<void>;
  tiers(): StatusDocument['tiers'];
  links: LinkKnowledge;
  policy: LinkPolicy;
  /** Links that are there now, whether they moved anything or not. */
  presentLinks(): readonly string[];
  lost(): Record<string, number>;
  /** All that are shown, or those given since an instant. */
  warnings(since?: EpochMs): WarningDocument[];
  sources(): readonly SourceState[];
  /** The build that a run told of itself; null when it told of none. */
  toldBuild(runId: string): Promise<BuildDocument | null>;
  /** The one build that was started in the period, as a document; null when there was none or several. */
  onlyBuildIn(from: EpochMs, to: EpochMs): Promise<BuildDocument | null>;
}

/** Answers that need the running daemon. */
export class LiveAnswers {
  readonly #options: LiveAnswersOptions;

  constructor(options: LiveAnswersOptions) {
    this.#options = options;
  }

  async status({ since }: RequestParams['status']): Promise<StatusDocument> {
    const { store, now, pid, version, startedAt, links, policy } = this.#options;
    await this.#options.refresh();
    const from = since ?? startedAt;
    const period = { from, to: Math.max(now(), from) };
    const [usage, linkRows] = await Promise.all([store.usage(period), store.linkUsage(period)]);
    return statusDocument({
      pid,
      version,
      startedAt,
      since: from,
      tiers: this.#options.tiers(),
      links: await Promise.all(
        reconcileLinks(this.#withPresent(linkRows, period), usage, links).map(async (link) => {
          const { metered, because } = policy.metered(link.name);
          const budget = await policy.budget(link.name);
          const interfaceName = policy.interfaceOf(link.name) ?? link.name;
          return { ...link, interface: interfaceName, metered, meteredBecause: because, budget };
        }),
      ),
      usage,
      lost: this.#options.lost(),
      warnings: this.#options.warnings(),
      sources: this.#options.sources(),
    });
  }

  #withPresent(rows: readonly LinkRow[], period: Interval): LinkRow[] {
    const moved = new Set(rows.map((row) => row.link));
    const idle = this.#options.presentLinks().filter((link) => !moved.has(link));
    const nothing = { ...noTraffic(), txDropped: undefined };
    return [...rows, ...idle.map((link) => ({ link, interval: period, ...nothing }))];
  }

  /** What a command under `netmeter run` used so far. */
  async usageOf(run: Run): Promise<RunUsage> {
    const { store, now, tiers, toldBuild, onlyBuildIn, warnings } = this.#options;
    await this.#options.refresh();
    const id = `run:${run.id}`;
    const seenBuild = () =>
      startsBuilds(run.command) ? onlyBuildIn(run.startedAt, now()) : Promise.resolve(null);
    const [rows, remotes, build] = await Promise.all([
      store.totals([id]),
      store.remotes([id]),
      toldBuild(run.id).then((told) => told ?? seenBuild()),
    ]);
    const tier = tiers().meter ?? 'exact';
    const sum = sumByOwner(rows).get(id) ?? emptySum({ id, kind: 'host', name: '', facts: {} }, tier);
    return {
      wan: transferOf(sum.wan),
      lan: transferOf(sum.lan),
      proxy: transferOf(sum.proxy),
      tier: sum.tier,
      remotes: remotes.map(remoteDocument),
      build,
      warnings: warnings(run.startedAt),
    };
  }
}

/** `docker build`, `docker buildx bake`, `docker compose up` and whatever else has such a word in it. */
function startsBuilds(command: readonly string[]): boolean {
  return command.some((word) => /\b(build|buildx|bake|compose|devcontainer)\b/.test(word));
}
