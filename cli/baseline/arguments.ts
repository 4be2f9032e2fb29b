import { type OptionWords, readBuildWords } from '../estimate/build-arguments.js';

/** Options that would change the user's images, caches or files, or that a cold build must not have. */
const LEFT_OUT = new Set(
  (
    'tag output push load iidfile metadata-file cache-from cache-to no-cache no-cache-filter progress quiet ' +
    'builder file sbom provenance attest annotation'
  ).split(' '),
);
const NAMESPACE = 'BUILDKIT_CACHE_MOUNT_NS';

export interface BaselineRun {
  /** Unlike any other's: the namespace of its cache mounts, and in the name of a host that does not exist. */
  name: string;
  /** The Dockerfile to build from; undefined for the context's own. */
  file: string | undefined;
}

/**
 * What `docker build` gets for a cold build that leaves everything as it is: cache mounts of its own, RUN steps that
 * miss the layer cache because of an entry in /etc/hosts, and no result.
 */
export function baselineWords(words: readonly string[], { name, file }: BaselineRun): string[] {
  const { options, operands } = readBuildWords(words);
  return [
    ...options.filter((option) => !isLeftOut(option)).flatMap((option) => option.words),
    ...['--build-arg', `${NAMESPACE}=${name}`, '--add-host', `${name}:127.0.0.1`],
    ...['--output', 'type=cacheonly', '--progress', 'plain', '--provenance', 'false'],
    ...(file === undefined ? [] : ['--file', file]),
    operands[0] ?? '.',
  ];
}

function isLeftOut({ name, value }: OptionWords): boolean {
  return LEFT_OUT.has(name) || (name === 'build-arg' && (value ?? '').startsWith(`${NAMESPACE}=`));
}
