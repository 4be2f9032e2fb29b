import { NetmeterError } from '../../src/errors.js';
import type { DockerClient } from './client.js';

/** Tried before giving up. */
const MOST_TRIED = 3;

/**
 * Local images by which something small can be run without fetching anything, the smallest first.
 *
 * @param chosen what the user said, to be used whatever it is
 * @throws NetmeterError `not-found` when there is none
 */
export async function helperImages(docker: DockerClient, chosen: string | undefined): Promise<string[]> {
  if (chosen !== undefined) return [chosen];
  const listed = await docker.must(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}\t{{.Size}}']);
  const images = listed
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([name]) => name !== undefined && name !== '' && !name.includes('<none>'))
    .map(([name = '', size = '']) => ({ name, bytes: bytesOf(size) }))
    .sort((a, b) => a.bytes - b.bytes);
  if (images.length === 0) {
    throw new NetmeterError('not-found', 'the engine has no image to run the copy in', {
      hint: 'name one, which is fetched when it is not there: --image busybox',
    });
  }
  return images.slice(0, MOST_TRIED).map(({ name }) => name);
}

/** `2.67MB`, as the client prints sizes. */
function bytesOf(size: string): number {
  const [, number, unit = 'B'] = /^([\d.]+)\s*([kMGT]?B)$/.exec(size) ?? [];
  const scale = ['B', 'kB', 'MB', 'GB', 'TB'].indexOf(unit);
  return number === undefined ? Number.POSITIVE_INFINITY : Number(number) * 1000 ** scale;
}
