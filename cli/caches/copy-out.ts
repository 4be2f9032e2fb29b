import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Destination } from '../../src/caches/destination.js';
import { NetmeterError } from '../../src/errors.js';
import { clientError, type DockerClient } from '../docker/client.js';
import { helperImages } from '../docker/images.js';
import type { Progress } from './progress.js';

export interface CopyOut {
  /** The cache's directory. */
  path: string;
  to: Destination;
  cwd: string;
  docker: DockerClient;
  image: string | undefined;
  /** Overwrite what is there. */
  force: boolean;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * Copies a cache's files, with owners, modes and times, and takes everything back when that fails.
 *
 * @throws NetmeterError `permission-denied`, `not-found`, `output-unwritable`, `docker-failed`
 */
export async function copyOut(copy: CopyOut): Promise<void> {
  await mustBeReadable(copy.path);
  if (copy.to.kind === 'volume') return toVolume(copy, copy.to.name);
  const target = resolve(copy.cwd, copy.to.path);
  if (copy.to.kind === 'tar') return toTar(copy, target);
  return toDirectory(copy, target);
}

async function toTar(copy: CopyOut, target: string): Promise<void> {
  const partial = join(dirname(target), `.netmeter-${randomUUID()}.tar`);
  try {
    if (!copy.force && (await exists(target))) throw existing(target);
    await reading(copy, (tar) => pipeline(tar, copy.progress.stream, createWriteStream(partial)));
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw unwritable(target, error);
  }
}

async function toDirectory(copy: CopyOut, target: string): Promise<void> {
  const inPlace = copy.force && (await exists(target));
  const folder = inPlace ? target : join(dirname(target), `.netmeter-${randomUUID()}`);
  try {
    if (!inPlace && (await entriesIn(target)) > 0) throw existing(target);
    if (!inPlace) await mkdir(folder);
    await reading(copy, async (tar) => {
      const args = ['--extract', '--preserve-permissions', '--numeric-owner', '--directory', folder];
      const unpacking = child('tar', args);
      await Promise.all([pipeline(tar, copy.progress.stream, unpacking.stdin as Writable), unpacking.ended]);
    });
    // An empty directory gives way.
    if (!inPlace) await rename(folder, target);
  } catch (error) {
    if (!inPlace) await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw unwritable(target, error);
  }
}

/** By a container that is never started: its files can be written to all the same. */
async function toVolume(copy: CopyOut, name: string): Promise<void> {
  const { docker, image, force, progress } = copy;
  const known = (await docker.run(['volume', 'inspect', name])).exitCode === 0;
  if (known && !force) {
    throw new NetmeterError('output-unwritable', `there is a volume ${name} already`, {
      hint: 'add to what is in it with --force, or choose another name',
    });
  }
  const [local = ''] = await helperImages(docker, image);
  if (!known) await docker.must(['volume', 'create', '--label', 'netmeter.cache=export', name]);
  let container: string | undefined;
  try {
    const mount = `type=volume,source=${name},target=/netmeter-cache`;
    const create = [
      'create',
      '--label',
      'netmeter.role=copy',
      '--network',
      'none',
      '--mount',
      mount,
      local,
      'true',
    ];
    container = (await docker.must(create)).trim();
    await reading(copy, async (tar) => {
      const args = ['cp', '--archive', '-', `${container}:/netmeter-cache`];
      const ran = await docker.run(args, { input: tar.pipe(progress.stream) });
      if (ran.exitCode !== 0) throw clientError(args, ran);
    });
  } catch (error) {
    if (container !== undefined) await docker.run(['rm', '--force', container], NEVER_ENDED);
    container = undefined;
    if (!known) await docker.run(['volume', 'rm', name], NEVER_ENDED);
    throw error;
  } finally {
    if (container !== undefined) await docker.run(['rm', '--force', container], NEVER_ENDED);
  }
}

/** For what has to be done even after Control-C. */
const NEVER_ENDED = { signal: new AbortController().signal };

/** Runs tar on the cache; its complaints come after those of whoever reads. */
async function reading(copy: CopyOut, consume: (tar: Readable) => Promise<unknown>): Promise<void> {
  const tar = child('tar', ['--create', '--numeric-owner', '--directory', copy.path, '.']);
  const stop = (): void => {
    tar.kill();
  };
  copy.signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.all([consume(tar.stdout as Readable), tar.ended]);
  } finally {
    copy.signal.removeEventListener('abort', stop);
    tar.kill();
  }
  if (copy.signal.aborted) throw new NetmeterError('output-unwritable', 'the copy was stopped');
}

function child(program: string, args: string[]) {
  const spawned = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  spawned.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const ended = new Promise<void>((done, reject) => {
    spawned.once('error', reject);
    spawned.once('close', (code, signal) => {
      if (code === 0) done();
      else
        reject(
          new Error(
            `${program} ended with ${code ?? signal}: ${said.trim().split('\n').slice(-3).join('; ')}`,
          ),
        );
    });
  });
  ended.catch(() => {});
  return Object.assign(spawned, { ended });
}

async function mustBeReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.X_OK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new NetmeterError('not-found', `the cache is gone: ${path}`, { cause });
    }
    throw new NetmeterError('permission-denied', `only root may read what is in a cache: ${path}`, {
      hint: 'use sudo',
      cause,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** 0 when there is no such directory. */
async function entriesIn(path: string): Promise<number> {
  try {
    return (await readdir(path)).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

function existing(target: string): NetmeterError {
  return new NetmeterError('output-unwritable', `${target} is there already`, {
    hint: 'overwrite it with --force, or choose another name',
  });
}

function unwritable(target: string, cause: unknown): NetmeterError {
  if (cause instanceof NetmeterError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NetmeterError(
    'output-unwritable',
    `the copy to ${target} failed, nothing of it was kept: ${why}`,
    {
      hint: 'see whether there is room, and whether a build changed the cache meanwhile',
      cause,
    },
  );
}
