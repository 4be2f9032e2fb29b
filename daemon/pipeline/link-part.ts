import type { Build } from '../../src/builds/types.js';
import type { EstimateLink } from '../../src/estimate/document.js';
import type { EventBody } from '../../src/protocol/messages.js';
import type { LinkPrices } from '../../src/savings/types.js';
import { LinkAnswers } from '../answers/link-answers.js';
import type { LinkPolicy } from '../answers/links.js';
import { BudgetBook } from '../budget/budget-book.js';
import { BuildWarner, type Prediction } from '../budget/build-warner.js';
import { predictBuild } from '../budget/predict-build.js';
import { WarningBook } from '../budget/warning-book.js';
import type { Log } from '../lifecycle/log.js';
import type { Part } from '../lifecycle/supervisor.js';
import { LinkBook, linkPrices } from '../links/link-book.js';
import { LinkNames } from '../links/link-names.js';
import type { LinkMeter } from '../meter/link/link-meter.js';
import { MeteredWatch, type SeenLink } from '../observe/metered/metered-watch.js';
import type { Store, TickBatch } from '../store/types.js';
import type { Clock } from './clock.js';
import type { LinkCalibrations } from './link-calibrations.js';
import { estimateLink, livePolicy, routeOfBuilds } from './link-policy.js';

export interface LinkPartOptions {
  links: LinkMeter;
  store(): Store;
  clock: Clock;
  log: Log;
  env: Readonly<Record<string, string | undefined>>;
  /** Of the file system and of sysfs. */
  root: string;
  sysRoot: string;
  calibrations(): Map<string, LinkCalibrations> | undefined;
  publish(event: EventBody): void;
  /** Counts everything up to this moment. */
  sample(): Promise<void>;
}

interface Open {
  book: LinkBook;
  warnings: WarningBook;
  budgets: BudgetBook;
  answers: LinkAnswers;
  builds: BuildWarner;
}

/** https://dbus.freedesktop.org/doc/dbus-specification.html, "Well-known Message Bus Instances" */
const SYSTEM_BUS = 'unix:path=/run/dbus/system_bus_socket';

/** Links as people know them: what they are called, whether they are metered, their budgets and warnings. */
export class LinkPart implements Part {
  readonly name = 'metered links';
  readonly names: LinkNames;
  readonly #options: LinkPartOptions;
  readonly #watch: MeteredWatch;
  #open: Open | undefined;
  #seenGeneration: string | undefined;
  #lastBuild: string | undefined;

  constructor(options: LinkPartOptions) {
    this.#options = options;
    const { links, env } = options;
    this.#watch = new MeteredWatch({
      root: options.root,
      sysRoot: options.sysRoot,
      busAddress: env.DBUS_SYSTEM_BUS_ADDRESS || SYSTEM_BUS,
      uplinks: () => links.uplinks().filter((link) => !link.tunnel),
      interfaces: () => links.interfaces(),
      addresses: () => links.addresses(),
      defaultInterface: () => links.defaultUplink(),
      onLinks: (seen) => this.#onLinks(seen),
    });
    this.names = new LinkNames((interfaceName) => this.#watch.nameOf(interfaceName));
  }

  async start(): Promise<void> {
    const { store, clock, publish, calibrations } = this.#options;
    const calibrationOf = (link: string) => calibrations()?.get(link);
    const onProblem = (message: string, error: unknown) => this.#options.log.error(message, error);
    const now = clock.now;
    const book = new LinkBook(store(), onProblem);
    const warnings = new WarningBook({ store: store(), now, publish, onProblem });
    const budgets = new BudgetBook({ store: store(), calibrationOf, warnings, now, onProblem });
    const answers = new LinkAnswers({
      book,
      budgets,
      warnings,
      now,
      refresh: () => this.#options.sample(),
      ask: () => this.#watch.refresh(),
    });
    const builds = new BuildWarner({
      warnings,
      route: () => routeOfBuilds(book, budgets),
      predict: (build) => this.predict(build),
      now,
      onProblem,
    });
    await Promise.all([book.load(), warnings.load()]);
    this.#open = { book, warnings, budgets, answers, builds };
    await this.#watch.start();
  }

  /** Once counting has begun: budgets need what the links' drivers count. */
  async startBudgets(): Promise<void> {
    await this.#started.budgets.load();
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    await this.#open?.warnings.flush();
  }

  get book(): LinkBook {
    return this.#started.book;
  }

  get warnings(): WarningBook {
    return this.#started.warnings;
  }

  get budgets(): BudgetBook {
    return this.#started.budgets;
  }

  get answers(): LinkAnswers {
    return this.#started.answers;
  }

  /** What documents say of links. */
  get policy(): LinkPolicy {
    return livePolicy(this.names, this.book, this.budgets);
  }

  /** For money, and for what counts as metered. */
  get prices(): LinkPrices {
    return linkPrices(this.book);
  }

  /** The link that a build's bytes would cross now. */
  route(): EstimateLink {
    return estimateLink(routeOfBuilds(this.book, this.budgets));
  }

  /** A sample was made; undefined: nothing moved. */
  sampled(batch: TickBatch | undefined): void {
    const { links } = this.#options;
    // Which of a bus, a lease and an interface comes first does not matter: each is looked at anew.
    const generation = `${links.generation} ${links.addressGeneration}`;
    if (generation !== this.#seenGeneration) {
      this.#seenGeneration = generation;
      this.#watch.changed();
    }
    if (this.#open === undefined) return;
    if (batch === undefined) this.#open.budgets.tick();
    else this.#open.budgets.committed(batch);
  }

  /** Asks NetworkManager anew, in case it has changed its mind without a word. */
  async refresh(): Promise<void> {
    await this.#watch.refresh();
  }

  /** A build changed. */
  built(build: Build): void {
    if (build.status === 'running' && build.ref !== this.#lastBuild) {
      this.#lastBuild = build.ref;
      void this.#watch.refresh();
    }
    this.#open?.builds.changed(build);
  }

  predict(build: Build): Promise<Prediction | undefined> {
    return predictBuild(this.#options.store(), build);
  }

  get #started(): Open {
    if (this.#open === undefined) throw new Error('links are not started');
    return this.#open;
  }

  #onLinks(seen: readonly SeenLink[]): void {
    const { links, clock, log } = this.#options;
    const { book } = this.#started;
    book.see(seen);
    let renamed = false;
    for (const { interface: interfaceName, name } of seen) {
      const before = this.names.of(interfaceName);
      if (!this.names.rename(interfaceName, name)) continue;
      renamed = true;
      this.#countsAs(before, name);
      if (name !== interfaceName) log.info(`${interfaceName} is ${name} now`);
    }
    const uplink = links.defaultUplink();
    const link = seen.find((candidate) => candidate.interface === uplink)?.name;
    book.seeDefault(link, clock.now());
    if (renamed) void this.#options.sample();
  }

  /** The driver counts as before, whatever network it is in. */
  #countsAs(before: string, name: string): void {
    const calibrations = this.#options.calibrations();
    const known = calibrations?.get(before);
    if (known !== undefined && calibrations?.has(name) === false) calibrations.set(name, known);
  }
}
