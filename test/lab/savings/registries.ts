/** Package registries of the lab: what each sent, by its own count or by the kernel's behind the uplink. */
import { originStats, type PathCount } from '../harness/index.js';

export const PYTHON = '/files/python/';
export const DEBIAN = '/files/debian/';

/** What the origin sent of all paths that begin so. */
export async function sentBelow(prefix: string): Promise<PathCount> {
  const { paths } = await originStats();
  const sum: Record<string, number> = {};
  for (const [path, count] of Object.entries(paths)) {
    if (!path.startsWith(prefix)) continue;
    for (const [key, value] of Object.entries(count)) sum[key] = (sum[key] ?? 0) + value;
  }
  return { requests: 0, aborted: 0, bodySent: 0, bodyReceived: 0, socketSent: 0, socketReceived: 0, ...sum };
}

export function since(before: PathCount, after: PathCount): PathCount {
  const difference = Object.entries(after).map(([key, value]) => [
    key,
    value - before[key as keyof PathCount],
  ]);
  return Object.fromEntries(difference) as unknown as PathCount;
}
