/** How BuildKit writes the values of a cache record (cache/metadata.go of moby/buildkit). */

/** The value in its JSON; undefined for what is none. */
export function jsonValue(json: string | undefined): unknown {
  if (json === undefined || json === '') return undefined;
  try {
    return (JSON.parse(json) as { value?: unknown }).value;
  } catch {
    return undefined;
  }
}

/** Engine 20.10 has the id of a cache mount in the key. */
export function keyedCacheId(values: ReadonlyMap<string, string>): string | undefined {
  const key = [...values.keys()].find((name) => name.startsWith('cache-dir:'));
  return key?.slice('cache-dir:'.length);
}
