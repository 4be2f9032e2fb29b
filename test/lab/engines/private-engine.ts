/** An engine that a test may kill: the lab's program, with data, socket and processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Cleanup, type EngineName, engine, eventually, run } from '../harness/index.js';
import { socketOf } from '../observe/engine-api.js';

const HAND_OVER = new URL('./hand-over.js', import.meta.url).pathname;

export class PrivateEngine {
  readonly #folder: string;
  readonly #root: string;
  #process: ChildProcess | undefined;

  constructor(name: EngineName, cleanup: Cleanup) {
    // The lab's run directory is at the same path inside the engine's chroot and outside of it.
    this.#folder = join(dirname(socketOf(name)), `private-${process.pid}`);
    this.#root = readlinkSync(`/proc/${engine(name).pid}/root`);
    mkdirSync(this.#folder, { recursive: true });
    cleanup.defer(async () => {
      await this.end('SIGTERM');
      await this.#unmount();
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  get socketPath(): string {
    return join(this.#folder, 'docker.sock');
  }

  get dockerHost(): string {
    return `unix://${this.socketPath}`;
  }

  /** Starts it. Returns its pid, as it wrote it down itself. */
  start(): Promise<number> {
    return this.#spawn('chroot', [this.#root, ...this.#command(this.dockerHost)]);
  }

  /** Starts it with a socket that another process made, as systemd does. */
  startWithSocket(): Promise<number> {
    // LISTEN_PID has to be the engine's own pid.
    const script = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec chroot "$@"';
    const command = ['sh', '-c', script, 'sh', this.#root, ...this.#command('fd://')];
    return this.#spawn(process.execPath, [HAND_OVER, this.socketPath, ...command]);
  }

  /** Ends it, and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const ending = this.#process;
    this.#process = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await gone;
    rmSync(this.#pidFile, { force: true });
  }

  get #pidFile(): string {
    return join(this.#folder, 'docker.pid');
  }

  #command(host: string): string[] {
    const folders = ['--data-root', join(this.#folder, 'data'), '--exec-root', join(this.#folder, 'exec')];
    const network = ['--bridge', 'none', '--iptables=false', '--ip6tables=false'];
    return ['dockerd', '-H', host, '--pidfile', this.#pidFile, ...folders, ...network];
  }

  #spawn(file: string, args: string[]): Promise<number> {
    this.#process = spawn(file, args, { stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
    return eventually('a private engine', 60_000, () => this.#writtenPid());
  }

  /** A killed engine leaves the mounts that it made of its own folders. */
  async #unmount(): Promise<void> {
    const points = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
    for (const point of points.filter((each) => each.includes(`${this.#folder}/`)).reverse()) {
      await run('umount', ['-l', point]);
    }
  }

  #writtenPid(): number | undefined {
    try {
      return Number(readFileSync(this.#pidFile, 'utf8')) || undefined;
    } catch {
      return undefined;
    }
  }
}
