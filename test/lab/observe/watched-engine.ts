import { randomUUID } from 'node:crypto';
import { createLocalStateReader } from '../../../daemon/observe/buildkit/local-state.js';
import { BuildkitObserver, type BuildkitObserverOptions } from '../../../daemon/observe/buildkit/observer.js';
import { resolveEngine } from '../../../daemon/observe/docker/engine-address.js';
import type { Build } from '../../../src/builds/types.js';
import {
  type BuildOptions,
  build,
  type Cleanup,
  docker,
  type EngineName,
  engine,
  eventually,
} from '../harness/index.js';

/** An observer of a real engine, and what it told. */
export class WatchedEngine {
  readonly observer: BuildkitObserver;
  readonly told: Build[] = [];
  readonly log: string[] = [];

  constructor(cleanup: Cleanup, name: EngineName = '28', options: Partial<BuildkitObserverOptions> = {}) {
    this.observer = new BuildkitObserver({
      address: resolveEngine({ dockerHost: engine(name).dockerHost, env: {}, homeDir: '/' }),
      engineName: 'lab',
      procRoot: '/proc',
      now: Date.now,
      log: (message) => this.log.push(message),
      // Of the engine's other builds nothing needs to be read.
      isKnown: () => true,
      unfinished: () => [],
      localState: createLocalStateReader(async () => [`/run/netmeter-lab/engine${name}/config/buildx`]),
      ...options,
    });
    this.observer.onBuild((each) => this.told.push(each));
    cleanup.defer(() => this.observer.stop());
  }

  async start(): Promise<this> {
    await this.observer.start(new AbortController().signal);
    return this;
  }

  last(name: string): Build | undefined {
    return this.told.filter((each) => each.name === name).at(-1);
  }

  /** A build that has ended. */
  ended(name: string): Promise<Build> {
    return eventually(`the end of build ${name}`, 60_000, () => {
      const last = this.last(name);
      return last?.status === 'running' ? undefined : last;
    });
  }

  /** A running build of which something is true. */
  running(name: string, probe: (build: Build) => boolean): Promise<Build> {
    return eventually(`build ${name} to get there`, 60_000, () => {
      return this.observer.builds().find((each) => each.name === name && probe(each));
    });
  }
}

/** A name for an image that nobody else uses; `cleanup` removes the image. */
export function imageName(cleanup: Cleanup, label: string, engineName: EngineName = '28'): string {
  const name = `netmeter-${label}-${randomUUID()}`;
  cleanup.defer(() => docker(engineName, ['rmi', '-f', name], { anyExit: true }));
  return name;
}

/** Builds an image by that name. The log is the client's, on which nothing of netmeter had any influence. */
export async function buildNamed(name: string, options: Omit<BuildOptions, 'engine'>): Promise<string> {
  const { flags = [], ...rest } = options;
  const { stderr } = await build({ engine: '28', ...rest, flags: [...flags, '-t', name] });
  return stderr;
}

/** Steps by name with how they ended, as the client's plain log tells: `#7 [2/3] RUN x`, then `#7 DONE 0.4s`. */
export function stepsInLog(log: string): Map<string, string[]> {
  const names = new Map<string, string>();
  const ends = new Map<string, string[]>();
  for (const line of log.split('\n')) {
    const [, number, text] = /^#(\d+) (.+)$/.exec(line) ?? [];
    if (number === undefined || text === undefined) continue;
    const end = /^(DONE|CACHED|ERROR|CANCELED)(?: |:|$)/.exec(text)?.[1];
    const name = names.get(number);
    if (name === undefined) names.set(number, text);
    else if (end !== undefined) ends.set(name, [...(ends.get(name) ?? []), end]);
  }
  return ends;
}
