/** The questions that people ask of cache mounts: two builds each, and whether the second finds what the first got. */
import type { BuildShowDocument } from '../../../src/protocol/documents.js';
import { docker } from '../harness/index.js';
import { removeCaches, type SavingBuild } from './scene.js';

export interface Experiment {
  question: string;
  /** What the second build does differently. */
  first: (cache: Cache) => Variant;
  second: (cache: Cache) => Variant;
  /** What is done between the two. */
  between?: (shown: BuildShowDocument) => Promise<unknown>;
  isKept: boolean;
}

export type Variant = Pick<SavingBuild, 'dockerfile' | 'flags' | 'args' | 'files'>;

/** A cache that no other experiment uses, and something to put into it. */
export interface Cache {
  /** Unused as an id and as a folder. */
  name: string;
  url: string;
}

/** A package manager in one line: fetches what it does not have. */
export function install(mount: string, folder: string, { url }: Cache, remark = 'install'): string {
  return `RUN --mount=type=cache,${mount} : ${remark}; [ -e ${folder}/package ] || wget -q -O ${folder}/package ${url}`;
}

const BASE = 'FROM nm-busybox\n';
const stage = (step: string): string => `FROM nm-busybox AS built\n${step}`;
const folderOf = ({ name }: Cache): string => `/var/cache/${name}`;
/** As most people write it: `target` alone. */
const plain = (cache: Cache, remark?: string): string =>
  install(`target=${folderOf(cache)}`, folderOf(cache), cache, remark);
const withId = (id: string, folder: string, cache: Cache): string =>
  install(`id=${id},target=${folder}`, folder, cache);
/** A build argument above the step: its layer is not in the layer cache. */
const rebuilt = (step: string, round: string): Variant => ({
  dockerfile: `${BASE}ARG ROUND\n${step}`,
  args: { ROUND: round },
});
const once = (cache: Cache): Variant => rebuilt(plain(cache), '1');
const again = (cache: Cache): Variant => rebuilt(plain(cache), '2');

export const experiments: readonly Experiment[] = [
  {
    question: 'built again, because something above the step changed',
    first: once,
    second: again,
    isKept: true,
  },
  {
    question: 'another layer of the same Dockerfile',
    first: (cache) => ({ dockerfile: BASE + plain(cache) }),
    second: (cache) => ({ dockerfile: `${BASE}${plain(cache)}\n${plain(cache, 'next')}` }),
    isKept: true,
  },
  {
    question: 'another Dockerfile',
    first: once,
    second: (cache) => ({
      dockerfile: 'FROM nm-busybox',
      files: { 'other.Dockerfile': `${BASE}WORKDIR /other\n${plain(cache)}` },
      flags: ['-f', 'other.Dockerfile'],
    }),
    isKept: true,
  },
  {
    question: 'the instruction itself was changed',
    first: once,
    second: (cache) => ({ dockerfile: BASE + plain(cache, 'changed') }),
    isKept: true,
  },
  {
    question: '`docker build --no-cache`',
    first: once,
    second: (cache) => ({ ...once(cache), flags: ['--no-cache'] }),
    isKept: false,
  },
  {
    question: '`docker build --no-cache-filter` with its stage',
    first: (cache) => ({ dockerfile: stage(plain(cache)) }),
    second: (cache) => ({ dockerfile: stage(plain(cache)), flags: ['--no-cache-filter', 'built'] }),
    isKept: false,
  },
  {
    question: 'mounted at another place',
    first: once,
    second: (cache) => rebuilt(install('target=/elsewhere', '/elsewhere', cache), '2'),
    isKept: false,
  },
  {
    question: 'one `id=` at two places',
    first: (cache) => rebuilt(withId(cache.name, '/here', cache), '1'),
    second: (cache) => rebuilt(withId(cache.name, '/there', cache), '2'),
    isKept: true,
  },
  {
    question: 'two `id=` at one place',
    first: (cache) => rebuilt(withId(cache.name, '/here', cache), '1'),
    second: (cache) => rebuilt(withId(`${cache.name}-2`, '/here', cache), '2'),
    isKept: false,
  },
  {
    question: 'an `id=` that is the place of a mount without one',
    first: once,
    second: (cache) => rebuilt(withId(folderOf(cache), '/there', cache), '2'),
    isKept: true,
  },
  {
    question: '`--build-arg BUILDKIT_CACHE_MOUNT_NS=…`',
    first: once,
    second: (cache) => {
      const { dockerfile, args } = again(cache);
      return { dockerfile, args: { ...args, BUILDKIT_CACHE_MOUNT_NS: cache.name } };
    },
    isKept: false,
  },
  {
    question: '`docker builder prune` in between',
    first: once,
    second: again,
    between: () => docker('28', ['builder', 'prune', '-f']),
    isKept: false,
  },
  {
    question: 'its record removed by id in between',
    first: once,
    second: again,
    between: (shown) =>
      removeCaches(shown.steps.flatMap((step) => step.cacheMounts.map(({ recordId }) => recordId ?? ''))),
    isKept: false,
  },
];
