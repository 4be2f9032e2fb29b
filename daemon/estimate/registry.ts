/** estimate: what the engine and the registries say about the images that a build starts from. */

import { parseImageName } from '../../src/builds/join-images.js';
import { NetmeterError } from '../../src/errors.js';
import { asCount, asList, asRecord, asText, type JsonRecord } from '../observe/docker/json-value.js';

/** How the engine reaches registries. */
export interface RegistrySettings {
  /** URLs asked instead of Docker Hub, in this order. */
  mirrors: readonly string[];
  /** Whether it speaks HTTP, or HTTPS that it does not check, with this host. */
  isInsecure(host: string): boolean;
  os: string;
  architecture: string;
}

export interface ImageManifest {
  digest: string | undefined;
  layers: { digest: string; bytes: number }[];
  config: { digest: string; bytes: number } | undefined;
  /** Uncompressed digests of the layers, lowest first; undefined when the configuration was not read. */
  diffIds: string[] | undefined;
}

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const MOST_BYTES = 4 << 20;
const DEADLINE_MS = 10_000;
const HUB = 'registry-1.docker.io';

/**
 * An image's manifest for the engine's platform, some kilobytes from the registry, without credentials.
 * @param platform `linux/arm64`; the engine's own when undefined
 * @throws NetmeterError `not-found` with the reason, for whatever did not work
 */
export async function fetchManifest(
  reference: string,
  platform: string | undefined,
  settings: RegistrySettings,
  signal: AbortSignal,
): Promise<ImageManifest> {
  const { name, repository, digest } = parseImageName(reference);
  const slash = repository.indexOf('/');
  const host = repository.slice(0, slash);
  const path = repository.slice(slash + 1);
  const wanted = digest ?? name.slice(repository.length + 1);
  let problem: unknown;
  for (const base of basesOf(host, settings)) {
    try {
      return await manifestAt(`${base}/v2/${path}`, wanted, platform, settings, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      problem ??= error;
    }
  }
  const why =
    problem instanceof Error
      ? ((problem.cause as Error | undefined)?.message ?? problem.message)
      : String(problem);
  throw new NetmeterError('not-found', `the registry ${host} did not tell: ${why}`, { cause: problem });
}

function basesOf(host: string, settings: RegistrySettings): string[] {
  if (host === 'docker.io')
    return [...settings.mirrors.map((url) => url.replace(/\/+$/, '')), `https://${HUB}`];
  return settings.isInsecure(host) ? [`http://${host}`, `https://${host}`] : [`https://${host}`];
}

async function manifestAt(
  base: string,
  wanted: string,
  platform: string | undefined,
  settings: RegistrySettings,
  signal: AbortSignal,
): Promise<ImageManifest> {
  const session = new RegistrySession(signal);
  const top = await session.json(`${base}/manifests/${wanted}`, ACCEPT);
  const list = asList(top.body.manifests).map(asRecord);
  const chosen = list.length === 0 ? undefined : chosenOf(list, platform, settings);
  const digest = asText(chosen?.digest);
  const { body } = digest === undefined ? top : await session.json(`${base}/manifests/${digest}`, ACCEPT);
  const config = blobOf(asRecord(body.config));
  return {
    digest: top.digest,
    layers: asList(body.layers).flatMap((layer) => blobOf(asRecord(layer)) ?? []),
    config,
    diffIds: config && (await diffIdsOf(session, `${base}/blobs/${config.digest}`)),
  };
}

async function diffIdsOf(session: RegistrySession, url: string): Promise<string[] | undefined> {
  const answer = await session.json(url, '*/*').catch(() => undefined);
  const ids = asList(asRecord(answer?.body.rootfs).diff_ids).map(String);
  return ids.length === 0 ? undefined : ids;
}

function chosenOf(
  list: readonly JsonRecord[],
  platform: string | undefined,
  { os, architecture }: RegistrySettings,
): JsonRecord {
  const [wantedOs, wantedArchitecture] = platform?.split('/') ?? [os, architecture];
  const found = list.find((each) => {
    const its = asRecord(each.platform);
    return its.os === wantedOs && its.architecture === wantedArchitecture;
  });
  if (found === undefined) throw new Error(`it has none for ${wantedOs}/${wantedArchitecture}`);
  return found;
}

function blobOf(record: JsonRecord): { digest: string; bytes: number } | undefined {
  const digest = asText(record.digest);
  const bytes = asCount(record.size);
  return digest === undefined || bytes === undefined ? undefined : { digest, bytes };
}

/** Requests to one registry, with the token that it hands out to anybody. */
class RegistrySession {
  readonly #signal: AbortSignal;
  #token: string | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async json(url: string, accept: string): Promise<{ body: JsonRecord; digest: string | undefined }> {
    let response = await this.#get(url, accept);
    if (response.status === 401 && this.#token === undefined) {
      this.#token = await this.#askForToken(response.headers.get('www-authenticate') ?? '');
      response = await this.#get(url, accept);
    }
    if (response.status === 401 || response.status === 403) throw new Error('it wants credentials');
    if (response.status !== 200) throw new Error(`it answered ${response.status}`);
    const body = asRecord(JSON.parse(await readBounded(response)));
    return { body, digest: response.headers.get('docker-content-digest') ?? undefined };
  }

  #get(url: string, accept: string): Promise<Response> {
    const headers: Record<string, string> = { accept };
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(DEADLINE_MS)]);
    return fetch(url, { headers, signal });
  }

  async #askForToken(challenge: string): Promise<string> {
    const fields = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
    );
    const realm = fields.get('realm');
    if (!/^bearer\s/i.test(challenge) || realm === undefined) throw new Error('it wants credentials');
    const url = new URL(realm);
    for (const key of ['service', 'scope']) {
      const value = fields.get(key);
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const response = await this.#get(url.href, 'application/json');
    const answer = asRecord(JSON.parse(await readBounded(response)));
    const token = asText(answer.token) ?? asText(answer.access_token);
    if (token === undefined) throw new Error('it hands out no token');
    return token;
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`its answer is longer than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
