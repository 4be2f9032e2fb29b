import type { EpochMs } from '../units.js';
import { cutText } from './limits.js';
import type { Build } from './types.js';

const NAMESPACE = 'build-arg:BUILDKIT_CACHE_MOUNT_NS';

/** What is known of a build apart from its steps and its end. */
export type BuildFacts = Omit<Build, 'status' | 'error' | 'completedAt' | 'steps'>;

/** A record of BuildKit's build history, as far as it is of use. Hostile input. */
export interface BuildRecord {
  ref: string;
  /**
   * What the client asked of the frontend: `filename`, `target`, `platform`, `context` for a remote one,
   * `vcs:source`, `label:com.docker.compose.project`. For a local context its place is not among them.
   */
  frontendAttrs: Readonly<Record<string, string>>;
  /** Names that the result is to get, such as `shop-web` or `registry/app:1.2`. */
  images: string[];
  createdAt: EpochMs | undefined;
  completedAt: EpochMs | undefined;
  error: { code: number; message: string } | undefined;
}

/** What buildx writes down about a build on the client's side: the only place that names a local context. */
export interface LocalState {
  /** Absolute path or URL of the context. */
  localPath: string;
  /** Absolute; undefined for the context's own `Dockerfile`. */
  dockerfilePath: string | undefined;
}

/** @param engine name of the engine that ran it */
export function buildFacts(record: BuildRecord, engine: string, local?: LocalState): BuildFacts {
  const attrs = record.frontendAttrs;
  const source = attrs['vcs:source'];
  const context = withoutCredentials(attrs.context ?? local?.localPath ?? source);
  const folder = context === undefined ? undefined : folderName(context);
  return {
    ref: record.ref,
    engine,
    name: familiarName(record.images[0] ?? '') || folder || record.ref,
    project: projectOf(record) ?? folder ?? (source && folderName(source)),
    context: context && cutText(context),
    dockerfile: dockerfileOf(attrs.filename, context, local),
    target: attrs.target || undefined,
    ...(attrs[NAMESPACE] ? { cacheNamespace: cutText(attrs[NAMESPACE]) } : {}),
    platforms: (attrs.platform ?? '').split(',').filter((platform) => platform !== ''),
    startedAt: record.createdAt ?? record.completedAt ?? 0,
  };
}

/** As people write it: engines with containerd's image store tell `docker.io/library/shop:latest` for `shop`. */
function familiarName(image: string): string {
  const hub = /^docker\.io\/(?:library\/)?(.+)$/.exec(image)?.[1];
  return hub === undefined ? image : hub.replace(/:latest$/, '');
}

/** Compose labels what it builds; the Dev Containers CLI names images `vsc-<folder>-<hash>`. */
function projectOf({ frontendAttrs, images }: BuildRecord): string | undefined {
  const compose = frontendAttrs['label:com.docker.compose.project'];
  if (compose) return compose;
  return images
    .map(familiarName)
    .map((image) => /^vsc-(.+)-[0-9a-f]{32,64}(?:-features|-uid)?(?::|$)/.exec(image)?.[1])
    .find(Boolean);
}

/** Relative to the context when it lies in there. */
function dockerfileOf(
  filename: string | undefined,
  context: string | undefined,
  local: LocalState | undefined,
): string | undefined {
  const path = local?.dockerfilePath;
  if (!path || !local) return filename;
  // buildx makes a path of a URL: `/home/me/https:/example.org/Dockerfile`.
  const url = /(https?):\/([^/].*)$/.exec(path);
  if (url) return `${url[1]}://${url[2]}`;
  return context !== undefined && path.startsWith(`${context}/`) ? path.slice(context.length + 1) : path;
}

/** `shop` for `/home/me/shop`, `https://example.org/me/shop.git#main:sub` and `git@example.org:me/shop`. */
function folderName(context: string): string | undefined {
  const path = /^(?:[a-z+]+:\/\/|git@)/.test(context) ? context.replace(/[#?].*$/, '') : context;
  const last = path.split(/[/:]/).filter(Boolean).at(-1);
  return last?.replace(/\.git$/, '');
}

function withoutCredentials(url: string | undefined): string | undefined {
  return url?.replace(/^([a-z+]+:\/\/)[^/@]*@/, '$1');
}
