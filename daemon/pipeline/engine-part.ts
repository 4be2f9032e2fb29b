import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionJoin } from '../../src/builds/join.js';
import type { StepDefinition } from '../../src/builds/join-definitions.js';
import type { Build, Execution, Step } from '../../src/builds/types.js';
import type { SourceState } from '../../src/metering/types.js';
import type { Bytes } from '../../src/units.js';
import { EngineFiles, type EngineLocation } from '../engine-files/engine-files.js';
import { ImageManifests } from '../engine-files/image-manifests.js';
import type { Log } from '../lifecycle/log.js';
import type { Part } from '../lifecycle/supervisor.js';
import { buildxDirsOfUsers, createLocalStateReader } from '../observe/buildkit/local-state.js';
import { BuildkitObserver } from '../observe/buildkit/observer.js';
import type { DockerObserver } from '../observe/docker/docker-observer.js';
import type { EngineAddress } from '../observe/docker/engine-address.js';
import type { EngineFacts } from '../observe/docker/types.js';
import { type ExecutionListener, ExecutorWatch } from '../observe/executor/executor-watch.js';
import { MountSizes } from '../observe/executor/mount-sizes.js';
import type { Store } from '../store/types.js';
import type { BuildTracker } from './build-tracker.js';
import type { Clock } from './clock.js';
import { EarlierBuilds } from './earlier-builds.js';

export interface EnginePartOptions {
  address: EngineAddress;
  docker: DockerObserver;
  tracker: BuildTracker;
  join: ExecutionJoin;
  store: Store;
  clock: Clock;
  log: Log;
  procRoot: string;
  /** A step that the engine works on itself begins or ends: a good moment for a sample. */
  onEdge(): void;
  listener: ExecutionListener;
  /** Nothing was ever counted before this run: what BuildKit remembers is not netmeter's to tell. */
  isFirstRun: boolean;
}

/** Watches the builds of one engine, through its restarts: BuildKit's stream and its executor's directory. */
export class EnginePart implements Part {
  readonly name = 'builds';
  readonly #options: EnginePartOptions;
  readonly #buildkit: BuildkitObserver;
  readonly #earlier: EarlierBuilds;
  #executor: ExecutorWatch | undefined;
  #manifests: ImageManifests | undefined;
  #executorBecause: string | undefined = 'the engine is not connected';
  #watchedPid: number | undefined;
  #ends: (() => void)[] = [];

  constructor(options: EnginePartOptions) {
    this.#options = options;
    const { address, store, clock, log, procRoot } = options;
    this.#earlier = new EarlierBuilds(store, address.name, options.isFirstRun);
    this.#buildkit = new BuildkitObserver({
      address,
      engineName: address.name,
      procRoot,
      now: clock.now,
      log: (message) => log.warn(message),
      isKnown: async (ref) => this.#earlier.isEarlier(ref) || isEnded(await store.build(ref)),
      unfinished: async () => {
        const builds = await store.builds({ limit: RECENT });
        return builds.filter((build) => build.engine === address.name && !isEnded(build));
      },
      localState: createLocalStateReader(() => buildxDirsOfUsers('/etc/passwd')),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { docker, onEdge, log } = this.#options;
    await this.#earlier.load();
    const engine = docker.engine();
    if (engine !== undefined) this.#watchExecutor(engine);
    this.#ends = [
      docker.onEngine((change) => {
        if (change.connected) this.#watchExecutor(change.engine);
        else this.#unwatchExecutor(change.because);
      }),
      this.#buildkit.onBuild((build) => {
        this.#follow(build).catch((error: unknown) => log.error('a build could not be followed', error));
      }),
      this.#buildkit.onStepEdge(onEdge),
    ];
    const following = this.#buildkit.start(signal);
    // Where Docker does not answer, BuildKit hardly will: its time-outs need not be waited for, too.
    await (engine === undefined ? Promise.race([following, sleep(LONGEST_WAIT)]) : following);
    await this.#earlier.save();
  }

  async stop(): Promise<void> {
    await this.#buildkit.stop();
    for (const end of this.#ends) end();
    this.#unwatchExecutor('stopped');
    await this.#options.tracker.flush();
  }

  /** How builds are seen, for `status`: by history and executor, by one of them, or not at all. */
  get source(): string | null {
    const history = this.#buildkit.state().ok;
    const executor = this.#executor !== undefined;
    if (history && executor) return 'history and executor';
    if (history) return 'history';
    return executor ? 'executor' : null;
  }

  /** What a pull of a FROM step's image transfers, by the manifest that the engine keeps. */
  imageBytes({ kind, instruction, platform }: Step): Bytes | undefined {
    if (kind !== 'from') return undefined;
    const reference = /^FROM (?:--\S+ )*(\S+)/.exec(instruction)?.[1];
    return reference === undefined ? undefined : this.#manifests?.pullBytes(reference, platform);
  }

  /** The most that a `docker pull` of an image that is there transferred, by the same manifest. */
  pullBytes(image: string): Bytes | undefined {
    return this.#manifests?.pullBytes(image, undefined);
  }

  /** The engine's files; undefined where they cannot be looked at. */
  get files(): EngineFiles | undefined {
    return this.#executor?.files;
  }

  /** Variables of a build's RUN steps by their digest; empty when its provenance is not there (any more). */
  async environments(ref: string): Promise<Map<string, ReadonlySet<string>>> {
    const definitions = (await this.#executor?.definitions(ref)) ?? new Map<string, StepDefinition>();
    return new Map([...definitions].map(([digest, { env }]) => [digest, new Set(env)]));
  }

  /** What BuildKit runs right now. */
  executions(): readonly Execution[] {
    return this.#executor?.running ?? [];
  }

  states(): SourceState[] {
    const counts = this.#executor?.counts;
    const executor: SourceState = {
      name: 'executor',
      ok: this.#executor !== undefined,
      because: this.#executorBecause,
      lastDurationMs: undefined,
      lastAt: undefined,
    };
    const problem = this.#executor?.problem();
    if (problem !== undefined) {
      executor.ok = false;
      executor.because = problem.message;
    } else if (counts !== undefined && counts.missed + counts.dropped + counts.overflows > 0) {
      executor.because = `${counts.missed} steps came and went unread, ${counts.overflows} times events were lost`;
    }
    return [this.#buildkit.state(), executor];
  }

  async #follow(build: Build): Promise<void> {
    const { tracker, join } = this.#options;
    await tracker.tell(build);
    if (build.status !== 'completed' || join.open === 0) return;
    // Steps that differ by their environment alone are told apart by what BuildKit wrote down of the build.
    for (let tries = 0; tries < DEFINITION_TRIES && this.#executor !== undefined; tries++) {
      const definitions = await this.#executor.definitions(build.ref);
      if (definitions.size > 0) {
        join.define(definitions);
        tracker.update();
        return;
      }
      await sleep(DEFINITION_WAIT);
    }
  }

  #watchExecutor(engine: EngineFacts): void {
    if (engine.pid === undefined || engine.rootDir === undefined || engine.elsewhere) {
      this.#unwatchExecutor('the engine is no process of this machine that could be looked into');
      return;
    }
    if (this.#executor !== undefined && this.#watchedPid === engine.pid) return;
    this.#unwatchExecutor(undefined);
    const { clock, procRoot, address } = this.#options;
    const location = { engine: address.name, pid: engine.pid, rootDir: engine.rootDir };
    try {
      const watch = new ExecutorWatch(location, this.#listener(location), { procRoot, now: clock.now });
      watch.start();
      this.#executor = watch;
      this.#manifests = new ImageManifests(watch.files);
      this.#watchedPid = engine.pid;
    } catch (error) {
      this.#executorBecause = `its files cannot be read: ${(error as Error).message}`;
    }
  }

  /** Tells others at once, and what its cache mounts hold when that is known. */
  #listener(location: EngineLocation): ExecutionListener {
    const { listener, tracker, procRoot } = this.#options;
    const files = new EngineFiles(location, procRoot);
    const sizes = new MountSizes((path) => files.path(path));
    return {
      seen: (execution) => listener.seen(execution),
      missed: (id, at) => listener.missed(id, at),
      gone: (execution) => {
        listener.gone(execution);
        void sizes.measure(execution).then((sized) => tracker.sized(sized));
      },
    };
  }

  #unwatchExecutor(because: string | undefined): void {
    this.#executor?.stop();
    this.#executor = undefined;
    this.#manifests = undefined;
    this.#watchedPid = undefined;
    this.#executorBecause = because;
  }
}

/** A build's provenance is written some time after its end. */
const DEFINITION_TRIES = 3;
const DEFINITION_WAIT = 500;
/** For BuildKit when Docker cannot be reached. */
const LONGEST_WAIT = 1000;
/** BuildKit itself keeps 50. */
const RECENT = 200;

function isEnded(build: { status: string } | undefined): boolean {
  return build !== undefined && build.status !== 'running';
}
