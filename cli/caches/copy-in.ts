import { randomUUID } from 'node:crypto';
import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NetmeterError } from '../../src/errors.js';
import { type ClientRun, clientError, type DockerClient } from '../docker/client.js';
import { helperImages } from '../docker/images.js';

export interface CopyIn {
  directory: string;
  id: string;
  docker: DockerClient;
  image: string | undefined;
  /** `uid:gid` */
  owner: string | undefined;
  showProgress: boolean;
}

/** The id comes as an argument, which no parser of Dockerfiles takes apart. */
const DOCKERFILE = `ARG NETMETER_IMAGE
FROM $NETMETER_IMAGE
ARG NETMETER_ID NETMETER_OWNER NETMETER_ONCE
USER 0
RUN --network=none --mount=type=bind,target=/netmeter-from \\
    --mount=type=cache,id=\${NETMETER_ID},target=/netmeter-cache,sharing=locked \\
    cp -af /netmeter-from/. /netmeter-cache/ && \\
    { [ -z "$NETMETER_OWNER" ] || chown -R "$NETMETER_OWNER" /netmeter-cache; }
`;

/**
 * Puts a directory into a cache mount by a build that does nothing else.
 *
 * @returns the image that it was done with
 * @throws NetmeterError `docker-failed`, `not-found`
 */
export async function copyIn({
  directory,
  id,
  docker,
  image,
  owner = '',
  showProgress,
}: CopyIn): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'netmeter-import-'));
  try {
    const file = join(folder, 'Dockerfile');
    await writeFile(file, DOCKERFILE);
    // What the directory's own .dockerignore leaves out belongs to the cache, too.
    await writeFile(`${file}.dockerignore`, '');
    const given = { NETMETER_ID: id, NETMETER_OWNER: owner, NETMETER_ONCE: randomUUID() };
    const args = Object.entries(given).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
    let last: ClientRun | undefined;
    for (const candidate of await helperImages(docker, image)) {
      const words = [
        ...args,
        '--build-arg',
        `NETMETER_IMAGE=${candidate}`,
        '--output',
        'type=cacheonly',
        '-f',
        file,
      ];
      last = await docker.build([...words, directory], { showProgress });
      if (last.exitCode === 0) return candidate;
    }
    throw clientError(['build'], last ?? { exitCode: null, stdout: '', stderr: '' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws NetmeterError `not-found` when there is no such directory, `unreadable-input` */
export async function sizeOf(directory: string): Promise<{ bytes: number; files: number }> {
  let bytes = 0;
  let files = 0;
  try {
    if (!(await lstat(directory)).isDirectory()) throw new Error('it is no directory');
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      bytes += (await lstat(join(entry.parentPath ?? entry.path, entry.name))).size;
      files++;
    }
    return { bytes, files };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const known = code === 'ENOENT' ? 'not-found' : 'unreadable-input';
    throw new NetmeterError(known, `cannot read ${directory}: ${message}`, { cause });
  }
}
