/** Image names as people and engines write them, made comparable. */
export interface ImageName {
  /** `docker.io/library/python:3.13`; without a tag when only a digest was given. */
  name: string;
  /** Registry and repository alone. */
  repository: string;
  digest: string | undefined;
}

/** Adds what Docker leaves out: registry, `library/`, `latest` (distribution/reference, normalize.go). */
export function parseImageName(reference: string): ImageName {
  const [tagged = '', digest] = reference.trim().split('@');
  const colon = tagged.lastIndexOf(':');
  const hasTag = colon > tagged.lastIndexOf('/');
  const path = hasTag ? tagged.slice(0, colon) : tagged;
  const repository = withRegistry(path);
  const tag = hasTag ? tagged.slice(colon) : digest === undefined ? ':latest' : '';
  return { name: repository + tag, repository, digest };
}

/** Whether both may name the same image; undefined when a tag stands against a digest. */
export function isSameImage(one: ImageName, other: ImageName): boolean | undefined {
  if (one.digest !== undefined && other.digest !== undefined) return one.digest === other.digest;
  if (one.name === other.name) return true;
  if (one.repository !== other.repository) return false;
  return one.digest === undefined && other.digest === undefined ? false : undefined;
}

function withRegistry(path: string): string {
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  if (/[.:]/.test(first) || first === 'localhost') return path;
  return slash < 0 ? `docker.io/library/${path}` : `docker.io/${path}`;
}
