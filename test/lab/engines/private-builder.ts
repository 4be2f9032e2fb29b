/** An engine of a test's own that builds, without bridge or firewall rules: steps use the host's network. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bytesPath,
  type Cleanup,
  docker,
  engine,
  lab,
  type RunOptions,
  type RunResult,
  run,
} from '../harness/index.js';
import { PrivateEngine } from './private-engine.js';

const IMAGE = 'nm-busybox';

export class PrivateBuilder {
  readonly #engine: PrivateEngine;
  readonly #folder = mkdtempSync(join(tmpdir(), 'netmeter-builder-'));
  readonly #marker = `builder-${process.pid}`;

  constructor(cleanup: Cleanup) {
    cleanup.defer(() => rmSync(this.#folder, { recursive: true, force: true }));
    mkdirSync(join(this.#folder, 'context'));
    this.#engine = new PrivateEngine('28', cleanup);
    cleanup.defer(() => this.endSteps());
  }

  get dockerHost(): string {
    return this.#engine.dockerHost;
  }

  /** Starts it, and gives it the lab's image when it starts for the first time. */
  async start(): Promise<void> {
    await this.#engine.start();
    const known = await this.client(['image', 'inspect', IMAGE], { anyExit: true });
    if (known.exitCode === 0) return;
    const file = join(this.#folder, 'image.tar');
    await docker('28', ['save', '-o', file, IMAGE]);
    await this.client(['load', '-i', file]);
  }

  kill(): Promise<void> {
    return this.#engine.end('SIGKILL');
  }

  path(bytes: number, label: string): string {
    return bytesPath(bytes, `${this.#marker}-${label}`);
  }

  /** At a million bytes a second. */
  slowPath(bytes: number, label: string): string {
    return this.path(bytes, label).replace('/bytes/', '/slow/');
  }

  /** One step a download. */
  build(tag: string, paths: readonly string[]): Promise<RunResult> {
    const steps = paths.map((path) => `RUN wget -q -O /dev/null '${lab().origin}${path}'`);
    writeFileSync(join(this.#folder, 'Dockerfile'), `FROM ${IMAGE}\n${steps.join('\n')}\n`);
    const file = join(this.#folder, 'Dockerfile');
    const flags = ['--network', 'host', '--no-cache', '-t', tag, '-f', file];
    return this.client(['build', ...flags, join(this.#folder, 'context')], { anyExit: true });
  }

  /** Ends what steps left running when their engine was killed. */
  endSteps(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (command.startsWith('wget\0') && command.includes(this.#marker))
          process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
    }
  }

  /** Runs the engine's own client. */
  client(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run(engine('28').client, ['-H', this.dockerHost, ...args], { timeoutMs: 120_000, ...options });
  }
}
