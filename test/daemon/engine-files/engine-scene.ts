/** Folders that look like an engine's, on a real file system, below a process table of our own. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExecutorWatch } from '../../../daemon/observe/executor/executor-watch.js';
import type { Execution } from '../../../src/builds/types.js';

export const PID = 4242;
export const ROOT_DIR = '/var/lib/docker';

export class EngineScene {
  readonly base = mkdtempSync(join(tmpdir(), 'netmeter-executor-'));
  readonly procRoot = join(this.base, 'proc');
  /** The engine's root directory, as in a chroot. */
  readonly root = join(this.base, 'root');
  readonly executor = join(this.root, ROOT_DIR, 'buildkit/executor');
  readonly seen: Execution[] = [];
  readonly gone: Execution[] = [];
  readonly missed: string[] = [];
  readonly #watches: ExecutorWatch[] = [];

  constructor() {
    mkdirSync(join(this.root, ROOT_DIR), { recursive: true });
    mkdirSync(join(this.procRoot, `${PID}`), { recursive: true });
    symlinkSync(this.root, join(this.procRoot, `${PID}/root`));
    this.mountInfo([]);
    // Started long ago: 10,000 s of uptime, of which it was there all but the first.
    this.startedSecondsAgo(9999);
  }

  startedSecondsAgo(seconds: number): void {
    writeFileSync(join(this.procRoot, 'uptime'), '10000.00 1.00\n');
    const fields = [PID, '(docker d) x)', 'S', ...new Array(18).fill(0), (10_000 - seconds) * 100, 0];
    writeFileSync(join(this.procRoot, `${PID}/stat`), fields.join(' '));
  }

  mountInfo(lines: string[]): void {
    writeFileSync(join(this.procRoot, `${PID}/mountinfo`), `${lines.join('\n')}\n`);
  }

  /** Path of something below DockerRootDir. */
  data(relative: string): string {
    return join(this.root, ROOT_DIR, relative);
  }

  watch(checkMs = 50): ExecutorWatch {
    const watch = new ExecutorWatch(
      { engine: 'scene', pid: PID, rootDir: ROOT_DIR },
      {
        seen: (execution) => this.seen.push(execution),
        gone: (execution) => this.gone.push(execution),
        missed: (id) => this.missed.push(id),
      },
      { procRoot: this.procRoot, checkMs },
    );
    this.#watches.push(watch);
    return watch;
  }

  folder(id: string): string {
    const path = join(this.executor, id);
    mkdirSync(path, { recursive: true });
    return path;
  }

  config(id: string, spec: unknown): void {
    writeFileSync(join(this.executor, id, 'config.json'), JSON.stringify(spec));
  }

  remove(id: string): void {
    rmSync(join(this.executor, id), { recursive: true });
  }

  end(): void {
    for (const watch of this.#watches) watch.stop();
    rmSync(this.base, { recursive: true, force: true });
  }
}

export function idOf(number: number): string {
  return `x${number.toString(36)}`.padStart(25, '0');
}

export function specOf(id: string, command: string, more: object = {}): object {
  return {
    ociVersion: '1.2.0',
    process: { user: { uid: 0 }, args: ['/bin/sh', '-c', command], env: ['PATH=/bin'], cwd: '/src' },
    root: { path: `${ROOT_DIR}/buildkit/executor/${id}/rootfs` },
    hostname: 'buildkitsandbox',
    mounts: [],
    linux: { cgroupsPath: `/docker/buildkit/${id}` },
    ...more,
  };
}

/** Polls; the time limit is the test's failure, not its measure. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
