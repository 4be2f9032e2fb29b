import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { ExecutionJoin } from '../../src/builds/join.js';
import { failureOf } from '../../src/errors.js';
import type { Readiness } from '../../src/protocol/launch.js';
import type { KnownProxy } from '../../src/proxies/types.js';
import type { EpochMs, Interval } from '../../src/units.js';
import { CacheAnswers } from '../answers/caches.js';
import { EstimateAnswers } from '../answers/estimates.js';
import { importFile } from '../answers/imports.js';
import { LiveAnswers } from '../answers/live.js';
import { ProxyAnswers } from '../answers/proxies.js';
import { proxyPeriodsIn } from '../answers/proxy-usage.js';
import { StoredAnswers } from '../answers/stored.js';
import { readCollectionRules } from '../caches/rules.js';
import { readEngineState } from '../estimate/engine-state.js';
import type { PipelineContext } from '../lifecycle/pipeline.js';
import type { Part } from '../lifecycle/supervisor.js';
import { findCgroupMount } from '../meter/ebpf/cgroup-mount.js';
import { LinkMeter } from '../meter/link/link-meter.js';
import { DockerObserver } from '../observe/docker/docker-observer.js';
import { type EngineAddress, resolveEngine } from '../observe/docker/engine-address.js';
import type { ExecutionListener } from '../observe/executor/executor-watch.js';
import { NameListener } from '../observe/names/name-listener.js';
import { OwnerResolver } from '../observe/owners/owner-resolver.js';
import { ProxyBook } from '../observe/proxies/proxy-book.js';
import { ReportSchedule } from '../reports/report-schedule.js';
import { RunCgroups } from '../run-cgroup/run-cgroups.js';
import type { Handlers } from '../server/answerer.js';
import { openStore } from '../store/open-store.js';
import type { Store, TickBatch } from '../store/types.js';
import { netnsCookie } from '../sys/socket-options.js';
import { BaselineRecorder } from './baseline-recorder.js';
import { BuildTracker } from './build-tracker.js';
import type { Clock } from './clock.js';
import { EnginePart } from './engine-part.js';
import { LegacyBuildListener } from './legacy-builds.js';
import { linkKnowledge, loadCalibrations, saveCalibrations } from './link-knowledge.js';
import { LinkPart } from './link-part.js';
import { LiveFeed } from './live-feed.js';
import { MeterPart } from './meter-part.js';
import { readinessOf, startWarnings, type Warning } from './readiness.js';
import { Settler } from './settler.js';
import { type OpenTier, openTier, refuseBlindness } from './tier.js';

const PROC = '/proc';
const SYS = '/sys';
const ROOT = '/';
/** Below the cgroup2 mount. */
const RUNS_CGROUP = '/netmeter';
/** Builds of a longer time without netmeter may be forgotten: BuildKit keeps its history for 48 hours. */
const BUILDKIT_REMEMBERS_MS = 47 * 3_600_000;
/** Rollups and retention. */
const MAINTAIN_EVERY_MS = 3_600_000;

/** The started parts; each exists once the part before it has started. */
interface Started {
  store: Store;
  tier: OpenTier;
  meter: MeterPart;
  tracker: BuildTracker;
  settler: Settler;
  recorder: BaselineRecorder;
  engine: EnginePart;
  runs: RunCgroups;
  stored: StoredAnswers;
  live: LiveAnswers;
  reports: ReportSchedule;
  estimates: EstimateAnswers;
  caches: CacheAnswers;
  feed: LiveFeed;
}

/** The daemon's parts in their order, and what they tell each other. */
export class NetmeterDaemon {
  readonly #context: PipelineContext;
  readonly #clock: Clock;
  readonly #address: EngineAddress;
  readonly #links: LinkMeter;
  readonly #linkPart: LinkPart;
  readonly #docker: DockerObserver;
  readonly #owners: OwnerResolver;
  readonly #names: NameListener;
  readonly #hostNetns: number | undefined;
  readonly #proxies: ProxyBook;
  readonly #join = new ExecutionJoin();
  readonly #cgroupRoot: string | undefined;
  #maintenance: NodeJS.Timeout | undefined;
  #started: Partial<Started> = {};
  #warnings: Warning[] = [];
  #tickedUntil: EpochMs = 0;
  #notSettled: string | undefined;
  #isFirstRun = false;
  #proxyAnswers: ProxyAnswers | undefined;
  #proxiesSaved: Promise<void> = Promise.resolve();

  constructor(context: PipelineContext, clock: Clock) {
    this.#context = context;
    this.#clock = clock;
    const { settings, env, log } = context;
    const warn = (message: string) => log.warn(message);
    this.#address = resolveEngine({ dockerHost: settings.dockerHost, env, homeDir: homedir() });
    this.#links = new LinkMeter({
      links: settings.links,
      sysRoot: SYS,
    });
    this.#linkPart = new LinkPart({
      links: this.#links,
      store: () => this.#get('store'),
      clock,
      log,
      env,
      root: ROOT,
      sysRoot: SYS,
      calibrations: () => this.#started.meter?.linkSource.calibrations,
      publish: (event) => context.publish(event),
      sample: async () => this.#started.meter?.sample(),
    });
    this.#docker = new DockerObserver({ address: this.#address, procRoot: PROC, now: clock.now, log: warn });
    this.#hostNetns = netnsCookie();
    this.#cgroupRoot = findCgroupMount(PROC)?.path;
    this.#owners = new OwnerResolver({
      docker: this.#docker,
      cgroupRoot: this.#cgroupRoot,
      procRoot: PROC,
      hostNetns: this.#hostNetns,
      log: warn,
    });
    this.#proxies = new ProxyBook({
      docker: this.#docker,
      procRoot: PROC,
      cgroupRoot: this.#cgroupRoot,
      isOwn: (address) => this.#links.route(address).type === 'local',
      isBeyond: (address) => this.#links.route(address).beyond,
      describe: (ownerId, news) => this.#owners.describe(ownerId, news),
      monotonic: clock.monotonic,
      onChange: (known) => this.#saveProxies(known),
    });
    this.#names = new NameListener({
      cgroupRoot: this.#cgroupRoot,
      now: clock.now,
      learn: (names) => this.#get('store').learnNames(names),
      log: warn,
    });
  }

  /** Stopped in the reverse order: builds are watched no more, then the last bytes are counted and settled. */
  get parts(): readonly Part[] {
    return [
      { name: 'store', start: () => this.#openStore(), stop: () => this.#started.store?.close() },
      { name: 'links', start: () => this.#links.start(), stop: () => this.#links.stop() },
      { name: 'metered links', start: () => this.#linkPart.start(), stop: () => this.#linkPart.stop() },
      { name: 'docker', start: (signal) => this.#docker.start(signal), stop: () => this.#docker.stop() },
      { name: 'owners', start: () => this.#owners.start(), stop: () => this.#owners.stop() },
      { name: 'proxies', start: () => this.#startProxies(), stop: () => this.#stopProxies() },
      { name: 'settlement', start: () => this.#startSettlement(), stop: () => this.#stopSettlement() },
      {
        name: 'meter',
        stopLimitMs: 15_000,
        start: () => this.#startMeter(),
        stop: () => this.#started.meter?.stop(),
      },
      { name: 'names', start: () => this.#startNames(), stop: () => this.#names.stop() },
      { name: 'run cgroups', start: () => this.#startRuns(), stop: () => this.#started.runs?.stop() },
      {
        name: 'builds',
        start: (signal) => this.#startBuilds(signal),
        stop: () => this.#started.engine?.stop(),
      },
      {
        name: 'maintenance',
        start: () => this.#startMaintenance(),
        stop: () => clearInterval(this.#maintenance),
      },
    ];
  }

  get handlers(): Handlers {
    const fresh = async () => {
      await this.#refresh();
      return this.#get('stored');
    };
    return {
      status: (params) => {
        void this.#linkPart.refresh();
        return this.#get('live').status(params);
      },
      builds: async (params) => (await fresh()).builds(params),
      build: async (params) => (await fresh()).build(params),
      remotes: async (params) => (await fresh()).remotes(params),
      report: async (params) => (await fresh()).report(params),
      'report-schedule': (params) => this.#get('reports').set(params),
      estimate: async (params, { signal }) => {
        await Promise.all([this.#refresh(), this.#linkPart.refresh()]);
        return this.#get('estimates').estimate(params, signal);
      },
      advise: async (params) => (await fresh()).advise(params),
      links: () => this.#linkPart.answers.links(),
      'link-set': (params) => this.#linkPart.answers.setLink(params),
      budgets: () => this.#linkPart.answers.budgets(),
      'budget-set': (params) => this.#linkPart.answers.setBudget(params),
      'budget-rm': (params) => this.#linkPart.answers.removeBudget(params),
      prompt: () => this.#linkPart.answers.prompt(),
      'warnings-seen': (params) => this.#linkPart.answers.seen(params),
      import: (params) => importFile(this.#get('store'), params),
      proxies: (params) => this.#answerOfProxies.list(params),
      'proxy-add': (params) => this.#answerOfProxies.add(params),
      'proxy-remove': (params) => this.#answerOfProxies.remove(params),
      caches: async () => {
        await this.#refresh();
        return this.#get('caches').caches();
      },
      'cache-records': () => this.#get('caches').records(),
      'run-begin': (params, { peer }) => this.#get('runs').begin(params, peer),
      'run-end': (params, { peer }) => this.#get('runs').end(params, peer),
    };
  }

  readiness(): Readiness {
    return readinessOf({
      tier: this.#get('tier'),
      builds: this.#get('engine').source,
      uplinks: this.#links.uplinks(),
      docker: this.#docker.state(),
      states: this.#get('engine').states(),
      warnings: this.#warnings,
    });
  }

  #get<Name extends keyof Started>(name: Name): Started[Name] {
    const part = this.#started[name];
    if (part === undefined) throw new Error(`${name} is not started`);
    return part as Started[Name];
  }

  async #openStore(): Promise<void> {
    const { place, log } = this.#context;
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const store = await openStore({ directory: place.stateDir, clock: this.#clock.now, timeZone });
    this.#started.store = store;
    const lastTickAt = await store.lastTickAt();
    this.#isFirstRun = lastTickAt === undefined;
    this.#tickedUntil = lastTickAt ?? this.#clock.now();
    if (this.#clock.now() - this.#tickedUntil > BUILDKIT_REMEMBERS_MS) await store.doubtCacheFills();
    if (store.opened.migratedFrom !== undefined) log.info('the database was migrated to this version');
    if (store.opened.unclean) log.info('the last daemon did not end in order; the database was checked');
  }

  get #answerOfProxies(): ProxyAnswers {
    this.#proxyAnswers ??= new ProxyAnswers({
      store: this.#get('store'),
      book: this.#proxies,
      tier: () => this.#get('tier').tier,
      now: this.#clock.now,
      refresh: () => this.#refresh(),
      isBeyond: (address) => this.#links.route(address).beyond,
    });
    return this.#proxyAnswers;
  }

  async #startProxies(): Promise<void> {
    this.#proxies.start(await this.#get('store').addedProxies());
  }

  async #stopProxies(): Promise<void> {
    this.#proxies.stop();
    await this.#proxiesSaved;
  }

  #saveProxies(known: readonly KnownProxy[]): void {
    const { log } = this.#context;
    const store = this.#get('store');
    const at = this.#clock.now();
    const owners = known.flatMap(({ name, ownerId }) => (ownerId ? [{ proxy: name, ownerId }] : []));
    this.#proxiesSaved = this.#proxiesSaved
      .then(() => store.setProxyOwners(owners, at))
      .catch((error: unknown) => log.error('what is a proxy could not be stored', error));
  }

  async #startSettlement(): Promise<void> {
    const store = this.#get('store');
    const { log } = this.#context;
    const countedSince = await this.#openTier();
    const tracker = new BuildTracker({
      store,
      join: this.#join,
      engine: this.#address.name,
      countedSince,
      now: this.#clock.now,
      describe: (ownerId, news) => this.#owners.describe(ownerId, news),
      imageBytes: (step) => this.#started.engine?.imageBytes(step),
      onBuild: (build) => {
        this.#started.recorder?.changed(build);
        this.#started.feed?.changed(build);
        this.#linkPart.built(build);
      },
      onProblem: (message, error) => log.error(message, error),
    });
    this.#started.tracker = tracker;
    this.#started.settler = new Settler({
      store,
      engineOwnerId: `engine:${this.#address.name}`,
      buildsIn: async (from, to) => tracker.buildsIn(from, to),
      isBuilding: () => tracker.isBuilding,
      onAttributions: (attributions) => tracker.attributions(attributions),
    });
    await this.#get('settler').start(this.#tickedUntil);
    this.#started.recorder = new BaselineRecorder({
      store,
      countedSince,
      tier: this.#get('tier').tier,
      now: this.#clock.now,
      onProblem: (message, error) => log.error(message, error),
    });
  }

  /** @returns since when bytes have been counted without a gap */
  async #openTier(): Promise<EpochMs> {
    const store = this.#get('store');
    const { settings } = this.#context;
    const { pinDir, maxFlows } = settings;
    const tier = openTier({
      procRoot: PROC,
      only: settings.tier,
      ebpf: { ...(pinDir && { pinDir }), ...(maxFlows && { maxFlows }) },
      address: this.#address,
      containers: () => this.#docker.containers(),
      now: this.#clock.now,
    });
    refuseBlindness(tier, this.#docker.state());
    this.#started.tier = tier;
    this.#warnings = startWarnings(tier, store.opened, this.#clock.now());
    const since = (await goesOn(tier, store)) ? await store.meta('counted-since') : undefined;
    if (since !== undefined) return Number(since);
    await store.setMeta('counted-since', String(this.#clock.now()));
    return this.#clock.now();
  }

  async #stopSettlement(): Promise<void> {
    await this.#started.settler?.settle(this.#tickedUntil);
    await this.#started.tracker?.flush();
    const { recorder, settler } = this.#started;
    if (settler !== undefined) await recorder?.record(settler.settledUntil);
  }

  async #startMeter(): Promise<void> {
    const { settings, log } = this.#context;
    const store = this.#get('store');
    const meter = new MeterPart({
      store,
      clock: this.#clock,
      log,
      tickMs: settings.tickMs,
      tier: this.#get('tier'),
      links: this.#links,
      names: this.#linkPart.names,
      docker: this.#docker,
      owners: this.#owners,
      proxies: this.#proxies,
      hostNetns: this.#hostNetns,
      procRoot: PROC,
      onCommit: (batch) => this.#committed(batch),
      onIdle: (interval) => this.#idle(interval),
    });
    await loadCalibrations(store, meter.linkSource.calibrations);
    this.#started.meter = meter;
    await this.#linkPart.startBudgets();
    this.#startAnswers(store, meter);
    await meter.start();
    this.#links.watch(() => {
      meter.sample().catch((error: unknown) => log.error('sampling failed', error));
    });
  }

  #startAnswers(store: Store, meter: MeterPart): void {
    const tracker = this.#get('tracker');
    const links = linkKnowledge(this.#links, this.#linkPart.names, meter.linkSource.calibrations);
    const { policy } = this.#linkPart;
    const stored = new StoredAnswers({
      store,
      now: this.#clock.now,
      tier: this.#get('tier').tier,
      links,
      policy,
      prices: this.#linkPart.prices,
      running: () => tracker.running(),
      proxyPeriods: (interval) =>
        proxyPeriodsIn(store, interval, this.#answerOfProxies.beyond(), this.#clock.now()),
    });
    this.#started.stored = stored;
    this.#started.reports = new ReportSchedule({
      store,
      directory: `${this.#context.place.stateDir}/reports`,
      now: this.#clock.now,
      report: async (params) => {
        await this.#refresh();
        return stored.report(params);
      },
      warnings: this.#linkPart.warnings,
    });
    this.#started.caches = new CacheAnswers({
      store,
      tier: this.#get('tier').tier,
      engineName: this.#address.name,
      engine: () => this.#docker.engine(),
      executions: () => this.#started.engine?.executions() ?? [],
      running: () => tracker.running(),
      rules: () => readCollectionRules(this.#address),
      procRoot: PROC,
      now: this.#clock.now,
    });
    const { publish, hasSubscribers, log } = this.#context;
    this.#started.feed = new LiveFeed({
      publish,
      hasSubscribers,
      owner: (id) => this.#owners.owner(id),
      running: () => tracker.running(),
      show: (build) => stored.show(build),
      monotonicMs: this.#clock.monotonic,
      onProblem: (message, error) => log.error(message, error),
    });
    this.#started.estimates = new EstimateAnswers({
      store,
      now: this.#clock.now,
      engine: this.#address.name,
      engineState: (question) => readEngineState(this.#address, this.#get('engine').files, question),
      usageOf: (builds) => stored.usageOf(builds),
      environments: (ref) => this.#get('engine').environments(ref),
      link: () => this.#linkPart.route(),
    });
    this.#started.live = new LiveAnswers({
      store,
      now: this.#clock.now,
      pid: process.pid,
      version: this.#context.version,
      startedAt: this.#context.startedAt.getTime(),
      refresh: () => this.#refresh(),
      tiers: () => this.readiness().tiers,
      links,
      policy,
      presentLinks: () => this.#linkPart.book.present(),
      lost: () => ({ ...meter.lost(), names: this.#names.lost() }),
      warnings: (since) => [
        ...(since === undefined ? this.#warnings : []),
        ...this.#linkPart.warnings.documents(since),
      ],
      sources: () => [
        ...meter.states(),
        this.#docker.state(),
        ...this.#get('engine').states(),
        ...(this.#hearsNames ? [this.#names.state()] : []),
      ],
      onlyBuildIn: async (from, to) => {
        const [build, ...others] = tracker.buildsIn(from, to).filter(({ startedAt }) => startedAt >= from);
        return build === undefined || others.length > 0 ? null : stored.document(build);
      },
    });
  }

  /** Only as root, and only where it may: whom one talks to is more than how much. */
  get #hearsNames(): boolean {
    return this.#context.settings.names && this.#started.tier?.tier === 'exact';
  }

  #startNames(): void {
    if (this.#hearsNames) this.#names.start();
  }

  #startRuns(): void {
    const { place, log } = this.#context;
    const { tier, refusal } = this.#get('tier');
    const runs = new RunCgroups({
      cgroupRoot: tier === 'exact' ? this.#cgroupRoot : undefined,
      refusal,
      parentPath: RUNS_CGROUP,
      procRoot: PROC,
      runsFile: place.runsFile,
      now: this.#clock.now,
      newId: () => randomUUID(),
      usageOf: (run) => this.#get('live').usageOf(run),
      onProblem: (message, error) => log.warn(message, error),
    });
    this.#started.runs = runs;
    runs.start();
  }

  async #startBuilds(signal: AbortSignal): Promise<void> {
    const tracker = this.#get('tracker');
    const meter = this.#get('meter');
    const legacy = new LegacyBuildListener(
      () => this.#docker.engine()?.buildHistory === false,
      (build) => {
        tracker
          .tell(build)
          .catch((error: unknown) => this.#context.log.error('a build could not be followed', error));
      },
    );
    const engine = new EnginePart({
      address: this.#address,
      docker: this.#docker,
      tracker,
      join: this.#join,
      store: this.#get('store'),
      clock: this.#clock,
      log: this.#context.log,
      procRoot: PROC,
      onEdge: () => meter.edge(),
      listener: all(tracker, meter, legacy),
      isFirstRun: this.#isFirstRun,
    });
    this.#started.engine = engine;
    this.#docker.onPull((pull) => this.#get('settler').pulled(pull));
    await engine.start(signal);
  }

  #startMaintenance(): void {
    const { log } = this.#context;
    const reports = this.#get('reports');
    const maintain = () => {
      reports.check().catch((error: unknown) => log.error('the report of the week was not made', error));
      const store = this.#get('store');
      store.maintain(this.#clock.now()).catch((error: unknown) => log.error('maintenance failed', error));
      saveCalibrations(store, this.#get('meter').linkSource.calibrations).catch((error: unknown) =>
        log.error('calibrations could not be stored', error),
      );
    };
    reports.check().catch((error: unknown) => log.error('the report of the week was not made', error));
    this.#maintenance = setInterval(maintain, MAINTAIN_EVERY_MS);
    this.#maintenance.unref();
  }

  #committed(batch: TickBatch): void {
    this.#tickedUntil = batch.interval.to;
    const meter = this.#get('meter');
    meter.linkSource.learnFrom(batch, (id) => this.#owners.owner(id));
    const tracker = this.#get('tracker');
    for (const owner of batch.owners) {
      if (!owner.id.startsWith('exec:')) continue;
      tracker.counted(owner.id.slice('exec:'.length), batch.interval.from, batch.interval.to);
    }
    tracker.update();
    void this.#settle().then(() => this.#record());
    this.#linkPart.sampled(batch);
    this.#get('feed').committed(batch);
  }

  #idle(interval: Interval): void {
    this.#tickedUntil = interval.to;
    this.#linkPart.sampled(undefined);
    this.#started.feed?.idle(interval);
    if (!this.#get('recorder').isDue) return;
    this.#get('tracker').update();
    void this.#settle().then(() => this.#record());
  }

  /** Counts and settles everything up to this moment. */
  async #refresh(): Promise<void> {
    const tracker = this.#get('tracker');
    await this.#get('meter').sample();
    tracker.update();
    await this.#settle();
    if (this.#get('recorder').isDue) await tracker.flush();
    await this.#record();
  }

  #record(): Promise<void> {
    return this.#get('recorder').record(this.#get('settler').settledUntil);
  }

  /** Never rejects: what cannot be settled now is settled later. Logged once, not on every tick. */
  async #settle(): Promise<void> {
    try {
      await this.#get('settler').settle(this.#tickedUntil);
      this.#notSettled = undefined;
    } catch (error) {
      const { because } = failureOf(error);
      if (because !== this.#notSettled) {
        this.#context.log.error("the engine's bytes could not be given to steps", error);
      }
      this.#notSettled = because;
    }
  }
}

/** Whether the store knows how far the kernel's counters were counted, those of another version included. */
async function goesOn(tier: OpenTier, store: Store): Promise<boolean> {
  if (tier.tier !== 'exact') return false;
  for (const { epoch } of [tier.meter, ...tier.meter.inherited]) {
    if ((await store.positions(epoch)).length > 0) return true;
  }
  return false;
}

function all(...listeners: ExecutionListener[]): ExecutionListener {
  return {
    seen: (execution) => {
      for (const listener of listeners) listener.seen(execution);
    },
    gone: (execution) => {
      for (const listener of listeners) listener.gone(execution);
    },
    missed: (id, at) => {
      for (const listener of listeners) listener.missed(id, at);
    },
  };
}
