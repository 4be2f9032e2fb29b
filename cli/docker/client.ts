/** Docker's own client, for what only it can do: builds, and copying into volumes. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { NetmeterError } from '../../src/errors.js';
import type { GlobalOptions } from '../command.js';
import type { Io } from '../io.js';

export interface ClientRun {
  /** Null where a signal ended it. */
  exitCode: number | null;
  stdout: string;
  /** Its last words. */
  stderr: string;
}

export interface ClientOptions {
  /** Sent to its standard input. */
  input?: string | Readable;
  /** Its progress goes to this process's standard error as well. */
  showProgress?: boolean;
  signal?: AbortSignal;
  cwd?: string;
  /** Called with what it says on standard error. */
  onStderr?: (text: string) => void;
}

const LAST_WORDS = 16_384;
const MOST_OUTPUT = 16 << 20;

/** Docker's client, for the engine that the options mean. */
export class DockerClient {
  readonly #env: NodeJS.ProcessEnv;
  readonly #io: Io;
  #builder: Promise<string> | undefined;

  constructor(io: Io, options: GlobalOptions) {
    this.#io = io;
    this.#env = { ...io.env, DOCKER_BUILDKIT: '1' };
    if (options.dockerHost !== undefined) this.#env.DOCKER_HOST = options.dockerHost;
  }

  /** @throws NetmeterError `command-not-found` */
  run(args: readonly string[], options: ClientOptions = {}): Promise<ClientRun> {
    return this.#spawn(args, this.#env, options);
  }

  /** With the engine's own builder, whatever `docker buildx use` chose: other builders keep caches of their own. */
  async build(args: readonly string[], options: ClientOptions = {}): Promise<ClientRun> {
    this.#builder ??= this.run(['context', 'show']).then(({ stdout }) => stdout.trim() || 'default');
    return this.#spawn(['build', ...args], { ...this.#env, BUILDX_BUILDER: await this.#builder }, options);
  }

  /** @throws NetmeterError with its last words when it fails */
  async must(args: readonly string[], options: ClientOptions = {}): Promise<string> {
    const ran = await this.run(args, options);
    if (ran.exitCode === 0) return ran.stdout;
    throw clientError(args, ran);
  }

  #spawn(args: readonly string[], env: NodeJS.ProcessEnv, options: ClientOptions): Promise<ClientRun> {
    const { input, showProgress = false, signal = this.#io.signal, cwd = this.#io.cwd, onStderr } = options;
    const stdin = input === undefined ? 'ignore' : 'pipe';
    // Its progress display needs the terminal itself.
    const stderr = showProgress && onStderr === undefined ? 'inherit' : 'pipe';
    const child = spawn('docker', args, { env, cwd, stdio: [stdin, 'pipe', stderr] });
    const stop = (): void => {
      child.kill('SIGINT');
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const said = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (said.stdout.length < MOST_OUTPUT) said.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said.stderr = (said.stderr + text).slice(-LAST_WORDS);
      onStderr?.(text);
    });
    if (child.stdin !== null) {
      child.stdin.on('error', () => {});
      if (typeof input === 'string') child.stdin.end(input);
      else input?.pipe(child.stdin);
    }
    return new Promise<ClientRun>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(missing(error)));
      child.once('close', (exitCode) => resolve({ exitCode, ...said }));
    }).finally(() => signal.removeEventListener('abort', stop));
  }
}

export function clientError(args: readonly string[], { exitCode, stderr }: ClientRun): NetmeterError {
  const last = stderr.trim().split('\n').slice(-5).join('; ');
  const command = `docker ${args.slice(0, 2).join(' ')}`;
  const denied = /permission denied/i.test(last);
  return new NetmeterError(
    denied ? 'permission-denied' : 'docker-failed',
    `${command} ended with ${exitCode ?? 'a signal'}${last === '' ? '' : `: ${last}`}`,
    { hint: denied ? 'use sudo, or join the group docker' : 'see what it says when you type it yourself' },
  );
}

function missing(cause: NodeJS.ErrnoException): NetmeterError {
  return new NetmeterError('command-not-found', `Docker's client could not be started: ${cause.message}`, {
    hint: 'install it, or let PATH lead to it',
    cause,
  });
}
