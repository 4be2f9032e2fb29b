import type { StatusDocument } from '../../src/protocol/documents.js';
import { CacheAnswers } from '../answers/caches.js';
import { EstimateAnswers } from '../answers/estimates.js';
import type { LinkKnowledge } from '../answers/links.js';
import { LiveAnswers, type LiveAnswersOptions } from '../answers/live.js';
import { StoredAnswers } from '../answers/stored.js';
import { readCollectionRules } from '../caches/rules.js';
import { readEngineState } from '../estimate/engine-state.js';
import type { PipelineContext } from '../lifecycle/pipeline.js';
import type { DockerObserver } from '../observe/docker/docker-observer.js';
import type { EngineAddress } from '../observe/docker/engine-address.js';
import { ReportSchedule } from '../reports/report-schedule.js';
import type { Store } from '../store/types.js';
import type { BuildTracker } from './build-tracker.js';
import type { Clock } from './clock.js';
import type { EnginePart } from './engine-part.js';
import type { LinkPart } from './link-part.js';
import type { ProxyPart } from './proxy-part.js';
import type { OpenTier } from './tier.js';
import { toldRef } from './told-builds.js';

export interface AnswerSetOptions {
  context: PipelineContext;
  clock: Clock;
  procRoot: string;
  store: Store;
  tier: OpenTier;
  address: EngineAddress;
  docker: DockerObserver;
  tracker: BuildTracker;
  links: LinkKnowledge;
  linkPart: LinkPart;
  proxies: ProxyPart;
  /** Undefined until builds are watched. */
  engine(): EnginePart | undefined;
  /** Counts and settles everything up to this moment. */
  refresh(): Promise<void>;
  tiers(): StatusDocument['tiers'];
  warnings: LiveAnswersOptions['warnings'];
  sources: LiveAnswersOptions['sources'];
  lost: LiveAnswersOptions['lost'];
}

/** All that is answered, each from what it needs. */
export interface AnswerSet {
  stored: StoredAnswers;
  live: LiveAnswers;
  estimates: EstimateAnswers;
  caches: CacheAnswers;
  reports: ReportSchedule;
}

export function answerSet(options: AnswerSetOptions): AnswerSet {
  const stored = storedAnswers(options);
  return {
    stored,
    live: liveAnswers(options, stored),
    estimates: estimateAnswers(options, stored),
    caches: cacheAnswers(options),
    reports: reportSchedule(options, stored),
  };
}

function storedAnswers(options: AnswerSetOptions): StoredAnswers {
  const { store, clock, tier, links, linkPart, proxies, tracker } = options;
  return new StoredAnswers({
    store,
    now: clock.now,
    tier: tier.tier,
    links,
    policy: linkPart.policy,
    prices: linkPart.prices,
    running: () => tracker.running(),
    proxyPeriods: (interval) => proxies.periods(interval),
    proxyOverheads: (interval) => proxies.overheads(interval),
  });
}

function liveAnswers(options: AnswerSetOptions, stored: StoredAnswers): LiveAnswers {
  const { context, store, clock, links, linkPart, tracker } = options;
  return new LiveAnswers({
    store,
    now: clock.now,
    pid: process.pid,
    version: context.version,
    startedAt: context.startedAt.getTime(),
    refresh: options.refresh,
    tiers: options.tiers,
    links,
    policy: linkPart.policy,
    presentLinks: () => linkPart.book.present(),
    lost: options.lost,
    warnings: options.warnings,
    sources: options.sources,
    toldBuild: async (runId) => {
      const build = tracker.build(toldRef(runId));
      return build === undefined ? null : stored.document(build);
    },
    onlyBuildIn: async (from, to) => {
      const [build, ...others] = tracker.buildsIn(from, to).filter(({ startedAt }) => startedAt >= from);
      return build === undefined || others.length > 0 ? null : stored.document(build);
    },
  });
}

function estimateAnswers(options: AnswerSetOptions, stored: StoredAnswers): EstimateAnswers {
  const { store, clock, address, engine, linkPart } = options;
  const started = () => {
    const part = engine();
    if (part === undefined) throw new Error('builds are not watched yet');
    return part;
  };
  return new EstimateAnswers({
    store,
    now: clock.now,
    engine: address.name,
    engineState: (question) => readEngineState(address, started().files, question),
    usageOf: (builds) => stored.usageOf(builds),
    environments: (ref) => started().environments(ref),
    link: () => linkPart.route(),
  });
}

function cacheAnswers(options: AnswerSetOptions): CacheAnswers {
  const { store, tier, address, docker, engine, tracker, procRoot, clock } = options;
  return new CacheAnswers({
    store,
    tier: tier.tier,
    engineName: address.name,
    engine: () => docker.engine(),
    executions: () => engine()?.executions() ?? [],
    running: () => tracker.running(),
    rules: () => readCollectionRules(address),
    procRoot,
    now: clock.now,
  });
}

function reportSchedule(options: AnswerSetOptions, stored: StoredAnswers): ReportSchedule {
  const { context, store, clock, linkPart, refresh } = options;
  return new ReportSchedule({
    store,
    directory: `${context.place.stateDir}/reports`,
    now: clock.now,
    report: async (params) => {
      await refresh();
      return stored.report(params);
    },
    warnings: linkPart.warnings,
  });
}
