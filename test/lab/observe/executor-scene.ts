/** What the executor tests share: an engine that is watched and joined, and builds that say themselves which step ran where. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExecutorWatch } from '../../../daemon/observe/executor/executor-watch.js';
import { ExecutionJoin } from '../../../src/builds/join.js';
import type { Build, Execution } from '../../../src/builds/types.js';
import { type Cleanup, type EngineName, engine, eventually, run } from '../harness/index.js';
import { WatchedEngine } from './watched-engine.js';

/** Prints the path of its own cgroup, whose last part is the executor's id. */
export const SHOW_SELF = 'cat /proc/self/cgroup | tail -1';
const SELF = /\/([0-9a-z]{25})\s/g;

/** An ExecutorWatch of a real engine, and what it told. */
export class WatchedExecutor {
  readonly watch: ExecutorWatch;
  readonly executions = new Map<string, Execution>();
  readonly missed: string[] = [];
  readonly #told: (execution: Execution) => void;

  constructor(
    cleanup: Cleanup,
    { pid, rootDir }: { pid: number; rootDir: string },
    told: (execution: Execution) => void = () => {},
  ) {
    this.#told = told;
    this.watch = new ExecutorWatch(
      { engine: 'lab', pid, rootDir },
      {
        seen: (execution) => this.#tell(execution),
        gone: (execution) => this.#tell(execution),
        missed: (id) => this.missed.push(id),
      },
    );
    cleanup.defer(() => this.watch.stop());
    this.watch.start();
  }

  static of(cleanup: Cleanup, name: EngineName, told?: (execution: Execution) => void): WatchedExecutor {
    const { pid, dataDir: rootDir } = engine(name);
    return new WatchedExecutor(cleanup, { pid, rootDir }, told);
  }

  #tell(execution: Execution): void {
    this.executions.set(execution.id, execution);
    this.#told(execution);
  }
}

/** Engine 28 with its builds and its executor, joined as the daemon does. */
export class JoinedEngine {
  readonly join = new ExecutionJoin();
  readonly executor: WatchedExecutor;
  readonly builds = new Map<string, Build>();
  readonly #engine: WatchedEngine;

  constructor(cleanup: Cleanup) {
    this.executor = WatchedExecutor.of(cleanup, '28', (execution) => {
      this.join.execution(execution);
      this.join.update(Date.now());
    });
    this.#engine = new WatchedEngine(cleanup);
    this.#engine.observer.onBuild((build) => {
      this.builds.set(build.ref, build);
      this.join.build(build);
      this.join.update(Date.now());
    });
    const tick = setInterval(() => this.join.update(Date.now()), 1000);
    cleanup.defer(() => clearInterval(tick));
  }

  async start(): Promise<this> {
    await this.#engine.start();
    return this;
  }

  /** Waits until these processes are matched for sure, or the provenance of their builds says no more. */
  async settle(executorIds: Iterable<string>): Promise<void> {
    const ids = [...executorIds];
    const isExact = (id: string) => this.join.match(id)?.attribution === 'exact';
    await eventually('processes to be matched', 30_000, async () => {
      if (ids.every(isExact)) return true;
      const refs = new Set(ids.map((id) => this.join.match(id)?.ref).filter((ref) => ref !== undefined));
      for (const ref of refs) this.join.define(await this.executor.watch.definitions(ref));
      this.join.update(Date.now());
      return ids.every(isExact) || undefined;
    }).catch(() => undefined);
  }
}

export interface ObservedBuild {
  exitCode: number | null;
  /** By vertex digest. */
  names: Map<string, string>;
  /** Vertex digest by executor id, as the steps themselves printed it. */
  truth: Map<string, string>;
}

interface RawStatus {
  vertexes?: { digest: string; name: string }[];
  logs?: { vertex: string; data: string }[];
}

/** Builds with `--progress=rawjson`, whose log lines name their vertex. */
export async function buildRaw(
  client: string,
  dockerfile: string,
  {
    files = {},
    flags = [],
    env = {},
  }: {
    files?: Record<string, string>;
    flags?: string[];
    env?: Record<string, string>;
  } = {},
): Promise<ObservedBuild> {
  const context = mkdtempSync(join(tmpdir(), 'netmeter-build-'));
  try {
    for (const [path, content] of Object.entries({ Dockerfile: dockerfile, ...files })) {
      writeFileSync(join(context, path), content);
    }
    const args = ['build', '--progress=rawjson', ...flags, context];
    const { stderr, exitCode } = await run(client, args, { timeoutMs: 400_000, anyExit: true, env });
    return { exitCode, ...readRaw(stderr) };
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

function readRaw(text: string): Pick<ObservedBuild, 'names' | 'truth'> {
  const names = new Map<string, string>();
  const output = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('{')) continue;
    const { vertexes = [], logs = [] } = JSON.parse(line) as RawStatus;
    for (const { digest, name } of vertexes) names.set(digest, name);
    for (const { vertex, data } of logs) {
      output.set(vertex, (output.get(vertex) ?? '') + Buffer.from(data, 'base64').toString());
    }
  }
  const truth = new Map<string, string>();
  for (const [vertex, printed] of output) {
    for (const [, id] of printed.matchAll(SELF)) truth.set(id!, vertex);
  }
  return { names, truth };
}
