import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { ExecutionJoin } from '../../src/builds/join.js';
import type { Build } from '../../src/builds/types.js';
import type { Readiness } from '../../src/protocol/launch.js';
import type { EpochMs, Interval } from '../../src/units.js';
import type { PipelineContext } from '../lifecycle/pipeline.js';
import type { Part } from '../lifecycle/supervisor.js';
import { findCgroupMount } from '../meter/ebpf/cgroup-mount.js';
import { LinkMeter } from '../meter/link/link-meter.js';
import { DockerObserver } from '../observe/docker/docker-observer.js';
import { type EngineAddress, resolveEngine } from '../observe/docker/engine-address.js';
import { NameListener } from '../observe/names/name-listener.js';
import { OwnerResolver } from '../observe/owners/owner-resolver.js';
import { RunCgroups } from '../run-cgroup/run-cgroups.js';
import type { Handlers } from '../server/answerer.js';
import { openStore } from '../store/open-store.js';
import type { Store, TickBatch } from '../store/types.js';
import { netnsCookie } from '../sys/socket-options.js';
import { type AnswerSet, answerSet } from './answer-set.js';
import type { Clock } from './clock.js';
import { EnginePart } from './engine-part.js';
import { toAll } from './execution-listeners.js';
import { handlersOf } from './handlers.js';
import { LegacyPart } from './legacy-part.js';
import { linkKnowledge, loadCalibrations } from './link-knowledge.js';
import { LinkPart } from './link-part.js';
import { LiveFeed } from './live-feed.js';
import { Maintenance } from './maintenance.js';
import { MeterPart } from './meter-part.js';
import { ProxyPart } from './proxy-part.js';
import { readinessOf, startWarnings, type Warning } from './readiness.js';
import { Settlement } from './settlement.js';
import { type OpenTier, openTier, refuseBlindness } from './tier.js';

const PROC = '/proc';
const SYS = '/sys';
const ROOT = '/';
/** Below the cgroup2 mount. */
const RUNS_CGROUP = '/netmeter';
/** Builds of a longer time without netmeter may be forgotten: BuildKit keeps its history for 48 hours. */
const BUILDKIT_REMEMBERS_MS = 47 * 3_600_000;

/** The started parts; each exists once the part before it has started. */
interface Started {
  store: Store;
  tier: OpenTier;
  settlement: Settlement;
  meter: MeterPart;
  answers: AnswerSet;
  feed: LiveFeed;
  engine: EnginePart;
  runs: RunCgroups;
  legacy: LegacyPart;
  maintenance: Maintenance;
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
  readonly #proxies: ProxyPart;
  readonly #join = new ExecutionJoin();
  readonly #cgroupRoot: string | undefined;
  #started: Partial<Started> = {};
  #warnings: Warning[] = [];
  #tickedUntil: EpochMs = 0;
  #isFirstRun = false;

  constructor(context: PipelineContext, clock: Clock) {
    this.#context = context;
    this.#clock = clock;
    const { settings, env, log } = context;
    const warn = (message: string) => log.warn(message);
    this.#address = resolveEngine({ dockerHost: settings.dockerHost, env, homeDir: homedir() });
    this.#links = new LinkMeter({ links: settings.links, sysRoot: SYS });
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
    this.#proxies = new ProxyPart({
      docker: this.#docker,
      procRoot: PROC,
      cgroupRoot: this.#cgroupRoot,
      isOwn: (address) => this.#links.route(address).type === 'local',
      isBeyond: (address) => this.#links.route(address).beyond,
      describe: (ownerId, news) => this.#owners.describe(ownerId, news),
      monotonic: clock.monotonic,
      now: clock.now,
      store: () => this.#get('store'),
      tier: () => this.#get('tier').tier,
      refresh: () => this.#refresh(),
      log,
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
      this.#linkPart,
      { name: 'docker', start: (signal) => this.#docker.start(signal), stop: () => this.#docker.stop() },
      { name: 'owners', start: () => this.#owners.start(), stop: () => this.#owners.stop() },
      this.#proxies,
      {
        name: 'settlement',
        start: () => this.#startSettlement(),
        stop: () => this.#started.settlement?.stop(),
      },
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
        stop: () => this.#stopBuilds(),
      },
      {
        name: 'maintenance',
        start: () => this.#startMaintenance(),
        stop: () => this.#started.maintenance?.stop(),
      },
    ];
  }

  get handlers(): Handlers {
    return handlersOf({
      store: () => this.#get('store'),
      answers: () => this.#get('answers'),
      runs: () => this.#get('runs'),
      told: () => this.#get('legacy').told,
      links: this.#linkPart,
      proxies: this.#proxies,
      refresh: () => this.#refresh(),
    });
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
    const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
    const store = await openStore({ directory: place.stateDir, clock: this.#clock.now, timeZone });
    this.#started.store = store;
    const lastTickAt = await store.lastTickAt();
    this.#isFirstRun = lastTickAt === undefined;
    this.#tickedUntil = lastTickAt ?? this.#clock.now();
    if (this.#clock.now() - this.#tickedUntil > BUILDKIT_REMEMBERS_MS) await store.doubtCacheFills();
    if (store.opened.migratedFrom !== undefined) log.info('the database was migrated to this version');
    if (store.opened.unclean) log.info('the last daemon did not end in order; the database was checked');
  }

  async #startSettlement(): Promise<void> {
    const store = this.#get('store');
    const tier = this.#openTier(store);
    this.#started.settlement = await Settlement.start({
      store,
      tier,
      join: this.#join,
      engine: this.#address.name,
      clock: this.#clock,
      log: this.#context.log,
      tickedUntil: this.#tickedUntil,
      describe: (ownerId, news) => this.#owners.describe(ownerId, news),
      imageBytes: (step) => this.#started.engine?.imageBytes(step),
      onBuild: (build) => {
        this.#started.feed?.changed(build);
        this.#linkPart.built(build);
        this.#started.maintenance?.built(build);
      },
    });
  }

  #openTier(store: Store): OpenTier {
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
    return tier;
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
      proxies: this.#proxies.book,
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
    const { tracker } = this.#get('settlement');
    const answers = answerSet({
      context: this.#context,
      clock: this.#clock,
      procRoot: PROC,
      store,
      tier: this.#get('tier'),
      address: this.#address,
      docker: this.#docker,
      tracker,
      links: linkKnowledge(this.#links, this.#linkPart.names, meter.linkSource.calibrations),
      linkPart: this.#linkPart,
      proxies: this.#proxies,
      engine: () => this.#started.engine,
      refresh: () => this.#refresh(),
      tiers: () => this.readiness().tiers,
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
    });
    this.#started.answers = answers;
    const { publish, hasSubscribers, log } = this.#context;
    this.#started.feed = new LiveFeed({
      publish,
      hasSubscribers,
      owner: (id) => this.#owners.owner(id),
      running: () => tracker.running(),
      show: (build) => answers.stored.show(build),
      monotonicMs: this.#clock.monotonic,
      onProblem: (message, error) => log.error(message, error),
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
      usageOf: (run) => this.#get('answers').live.usageOf(run),
      wantsProgress: () => this.#isLegacy,
      onProblem: (message, error) => log.warn(message, error),
    });
    this.#started.runs = runs;
    runs.start();
  }

  async #startBuilds(signal: AbortSignal): Promise<void> {
    const settlement = this.#get('settlement');
    const { tracker } = settlement;
    const meter = this.#get('meter');
    const tell = (build: Build) =>
      tracker
        .tell(build)
        .catch((error: unknown) => this.#context.log.error('a build could not be followed', error));
    const runs = this.#get('runs');
    const legacy = new LegacyPart({
      engine: this.#address.name,
      store: this.#get('store'),
      join: this.#join,
      isLegacy: () => this.#isLegacy,
      own: (runId, peer) => runs.own(runId, peer),
      isUnderWay: (runId) => runs.isUnderWay(runId),
      now: this.#clock.now,
      tell,
    });
    this.#started.legacy = legacy;
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
      listener: toAll(tracker, meter, legacy.listener),
      isFirstRun: this.#isFirstRun,
    });
    this.#started.engine = engine;
    this.#docker.onPull((pull) => settlement.pulled({ ...pull, bytes: engine.pullBytes(pull.image) }));
    await legacy.start();
    await engine.start(signal);
  }

  async #stopBuilds(): Promise<void> {
    await this.#started.legacy?.stop();
    await this.#started.engine?.stop();
  }

  /** Whether the engine tells nothing of builds. */
  get #isLegacy(): boolean {
    return this.#docker.engine()?.buildHistory === false;
  }

  #startMaintenance(): void {
    const { reports, caches } = this.#get('answers');
    const { tracker } = this.#get('settlement');
    const maintenance = new Maintenance({
      store: this.#get('store'),
      calibrations: this.#get('meter').linkSource.calibrations,
      reports,
      clock: this.#clock,
      log: this.#context.log,
      warnings: this.#linkPart.warnings,
      threatened: () => caches.threatened(),
      isBuilding: () => tracker.running().length > 0,
    });
    this.#started.maintenance = maintenance;
    maintenance.start();
  }

  #committed(batch: TickBatch): void {
    this.#get('meter').linkSource.learnFrom(batch, (id) => this.#owners.owner(id));
    this.#get('settlement').committed(batch);
    this.#linkPart.sampled(batch);
    this.#get('feed').committed(batch);
  }

  #idle(interval: Interval): void {
    this.#linkPart.sampled(undefined);
    this.#started.feed?.idle(interval);
    this.#get('settlement').idle(interval.to);
  }

  /** Counts and settles everything up to this moment. */
  async #refresh(): Promise<void> {
    await this.#get('meter').sample();
    await this.#get('settlement').refresh();
  }
}
