/** What a step's own words say that it would fetch cold; see DeclaredCost. */
import type { DeclaredCost } from '../savings/types.js';
import type { Bytes } from '../units.js';
import type { ClientLog, PackageClient } from './client-log/types.js';

/** Those that say what they had already. The others are silent about it, which does not mean that it was nothing. */
const SAY_CACHED: readonly PackageClient[] = ['apt', 'pip', 'dnf'];

/**
 * @param imageBytes of all that a pull of the step's image transfers, compressed; undefined when not known
 * @returns best first; undefined when nothing is said
 */
export function declaredCosts(
  logs: readonly ClientLog[],
  imageBytes: Bytes | undefined,
): DeclaredCost[] | undefined {
  const costs = [ofImage(imageBytes), ofLogs(logs)].filter((cost) => cost !== undefined);
  return costs.length === 0 ? undefined : costs;
}

function ofImage(bytes: Bytes | undefined): DeclaredCost | undefined {
  if (bytes === undefined) return undefined;
  const range = { bytes, lowBytes: bytes, highBytes: bytes };
  return { ...range, isOnTop: false, basis: 'derived', source: "the image's manifest" };
}

/** What package managers took from their caches comes on top of what the step moved. */
function ofLogs(logs: readonly ClientLog[]): DeclaredCost | undefined {
  const speaking = logs.filter(({ client, cachedBytes }) => {
    return SAY_CACHED.includes(client) && cachedBytes !== undefined;
  });
  if (speaking.length === 0) return undefined;
  const bytes = speaking.reduce((sum, { cachedBytes = 0 }) => sum + cachedBytes, 0);
  const rounding = speaking.reduce((sum, { roundingBytes }) => sum + roundingBytes, 0);
  return {
    bytes,
    lowBytes: Math.max(0, bytes - rounding),
    highBytes: bytes + rounding,
    isOnTop: true,
    basis:
      logs.length > speaking.length || speaking.some(({ isPartial }) => isPartial) ? 'estimated' : 'derived',
    source: `what ${speaking.map(({ client }) => client).join(' and ')} said`,
  };
}
