import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { lab } from './facts.js';
import { run } from './run.js';

const PUSH = fileURLToPath(new URL('../../../scripts/lab/registry/main.js', import.meta.url));

export interface PushedImage {
  /** Its reference for `docker pull` and FROM. */
  readonly reference: string;
  readonly manifestBytes: number;
  readonly configBytes: number;
  /** Lowest first, with their compressed sizes. */
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

/**
 * Puts an image of random layers into the registry, from behind the uplink. No engine has any of it, so a
 * pull transfers all of it, once.
 *
 * @param layerSizes bytes before compression, which random bytes do not yield to
 */
export async function pushRandomImage(label: string, layerSizes: readonly number[]): Promise<PushedImage> {
  const { netns, registry } = lab();
  const image = `${label}-${randomUUID()}:1`;
  const sizes = layerSizes.flatMap((size) => ['--random', String(size)]);
  const args = ['netns', 'exec', netns, process.execPath, PUSH, '--registry', registry, '--image', image];
  const { stdout } = await run('ip', [...args, ...sizes]);
  return { reference: `${registry}/${image}`, ...(JSON.parse(stdout) as Omit<PushedImage, 'reference'>) };
}
