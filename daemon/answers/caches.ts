import type { Build, Execution, Step } from '../../src/builds/types.js';
import type { CollectionRule } from '../../src/caches/collect.js';
import { cachesDocument } from '../../src/caches/document.js';
import { holdersOf } from '../../src/caches/holders.js';
import { savedByRecord } from '../../src/caches/saved.js';
import type { Cache } from '../../src/caches/types.js';
import { userIds, usesOf } from '../../src/caches/uses.js';
import { NetmeterError } from '../../src/errors.js';
import type { Tier } from '../../src/metering/types.js';
import { type CacheRecordsDocument, type CachesDocument, SCHEMA } from '../../src/protocol/documents.js';
import { sumByOwner } from '../../src/report/sums.js';
import type { BuildLedger } from '../../src/savings/build-ledger.js';
import type { StepLedger } from '../../src/savings/types.js';
import type { EpochMs } from '../../src/units.js';
import { readCatalogue, SizeBook, unreadable } from '../caches/catalogue.js';
import { readAllRecords } from '../caches/records.js';
import { EngineFiles } from '../engine-files/engine-files.js';
import type { EngineFacts } from '../observe/docker/types.js';
import type { Store } from '../store/types.js';
import { ledgersOf } from './ledgers.js';

export interface CacheAnswersOptions {
  store: Store;
  /** Tier of the meter, for steps that moved nothing. */
  tier: Tier;
  engineName: string;
  engine(): EngineFacts | undefined;
  executions(): readonly Execution[];
  running(): readonly Build[];
  /** Undefined when the engine does not say. */
  rules(): Promise<readonly CollectionRule[] | undefined>;
  procRoot: string;
  now(): EpochMs;
}

/** Builds looked at for who used a cache, the newest. */
const MOST_BUILDS = 500;

/** The engine's caches, with what the store knows of who used them. */
export class CacheAnswers {
  readonly #options: CacheAnswersOptions;
  readonly #sizes = new SizeBook();

  constructor(options: CacheAnswersOptions) {
    this.#options = options;
  }

  /** @throws NetmeterError `engine-unreachable`, `engine-unsupported`, `not-found` */
  async caches(): Promise<CachesDocument> {
    const { engineName, procRoot, now, executions, running, store, tier } = this.#options;
    const location = locationOf(this.#options.engine(), engineName);
    const builds = await this.#builds();
    const sums = sumByOwner(await store.totals(userIds(builds)));
    const uses = usesOf(builds, sums);
    const ledgers = await ledgersOf(builds.map(onlyMounting), sums, { store, tier });
    const pages = builds.flatMap((build) => pagesOf(onlyMounting(build), ledgers.get(build.ref)));
    const catalogue = await readCatalogue(
      {
        files: new EngineFiles(location, procRoot),
        holders: holdersOf(executions(), running()),
        targets: (recordId) => [...new Set((uses.get(recordId) ?? []).map(({ target }) => target))],
        rules: await this.#options.rules(),
        now: now(),
      },
      this.#sizes,
    );
    return cachesDocument({ ...catalogue, uses, saved: savedByRecord(pages) });
  }

  /**
   * Caches that the engine's garbage collection would remove now; undefined where its rules are not known.
   * @throws NetmeterError `engine-unreachable`, `engine-unsupported`, `not-found`
   */
  async threatened(): Promise<Cache[] | undefined> {
    const { engineName, procRoot, now, executions, running } = this.#options;
    const location = locationOf(this.#options.engine(), engineName);
    const rules = await this.#options.rules();
    if (rules === undefined) return undefined;
    const files = new EngineFiles(location, procRoot);
    const holders = holdersOf(executions(), running());
    const input = { files, holders, targets: () => [], rules, now: now() };
    const { caches, collection } = await readCatalogue(input, this.#sizes);
    return collection && caches.filter(({ recordId }) => collection.removed.has(recordId));
  }

  /** @throws NetmeterError `engine-unreachable`, `engine-unsupported`, `not-found` */
  records(): CacheRecordsDocument {
    const { engineName, procRoot } = this.#options;
    const files = new EngineFiles(locationOf(this.#options.engine(), engineName), procRoot);
    const records = readAllRecords(files);
    if (records === undefined) throw unreadable(files);
    return {
      schema: SCHEMA,
      records: records.map(({ recordId, type, description, cacheId, parents }) => {
        return { recordId, type, description, cacheId: cacheId ?? null, parents };
      }),
    };
  }

  async #builds(): Promise<Build[]> {
    const { store, running, engineName } = this.#options;
    const fresh = new Map(running().map((build) => [build.ref, build]));
    const builds = await store.builds({ limit: MOST_BUILDS });
    return builds
      .filter((build) => build.engine === engineName)
      .map((build) => fresh.get(build.ref) ?? build);
  }
}

/** A build's steps that have cache mounts. */
function onlyMounting(build: Build): Build {
  return { ...build, steps: build.steps.filter((step) => step.cacheMounts.length > 0) };
}

function pagesOf(build: Build, ledger: BuildLedger | undefined): { step: Step; page: StepLedger }[] {
  return build.steps.flatMap((step) => {
    const page = ledger?.get(step.digest);
    return page === undefined ? [] : [{ step, page }];
  });
}

/** Where the engine's files are. @throws NetmeterError `engine-unreachable`, `engine-unsupported` */
export function locationOf(engine: EngineFacts | undefined, name: string) {
  if (engine === undefined) {
    throw new NetmeterError('engine-unreachable', `the Docker engine ${name} does not answer`, {
      hint: 'start it (sudo systemctl start docker), or say where it is with --docker-host',
    });
  }
  const { pid, rootDir, elsewhere } = engine;
  if (pid === undefined || rootDir === undefined || elsewhere) {
    throw new NetmeterError('engine-unsupported', `the Docker engine ${name} is no process of this machine`, {
      hint: 'its caches can be looked into where it runs',
    });
  }
  return { engine: name, pid, rootDir };
}
