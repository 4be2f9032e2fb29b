import { isSameImage, parseImageName } from '../builds/join-images.js';
import type { Bytes } from '../units.js';
import type { NeededImage } from './needed.js';
import type { ImageState, KnownBuild, StepForecast } from './types.js';

/**
 * Bytes on the wire per byte of a large download: headers of packets of 1500 bytes with TCP timestamps
 * (1500/1448), and what is sent back to acknowledge them.
 */
export const WIRE = 1.037;
const WIRE_LOW = 1.03;
const WIRE_HIGH = 1.08;
/** Asking for the manifest, tokens, redirects, TLS. */
const REQUESTS: Bytes = 8_000;
export const REQUESTS_HIGH: Bytes = 60_000;

export function imageForecast(
  { image, by, line }: NeededImage,
  state: ImageState | undefined,
  builds: readonly KnownBuild[],
): StepForecast {
  const base = { name: `${by}${image}`, kind: 'from' as const, line };
  if (state?.isPresent === true) {
    return {
      ...base,
      willRun: false,
      because: state.because,
      fetchBytes: 0,
      lowBytes: 0,
      highBytes: REQUESTS_HIGH,
      basis: 'derived',
      coldBytes: undefined,
    };
  }
  if (state?.missingBytes !== undefined) {
    const bytes = Math.round(state.missingBytes * WIRE) + REQUESTS;
    return {
      ...base,
      willRun: true,
      because: `the engine does not have it; ${state.because}`,
      fetchBytes: bytes,
      lowBytes: Math.round(state.missingBytes * WIRE_LOW),
      highBytes: Math.round(state.missingBytes * WIRE_HIGH) + REQUESTS_HIGH,
      basis: 'derived',
      coldBytes: bytes,
    };
  }
  const pulled = lastPull(image, builds);
  const because = `whether it has to be fetched is not known: ${state?.because ?? 'nobody looked'}`;
  return {
    ...base,
    willRun: true,
    because: pulled === undefined ? because : `${because}; it took as much when it was fetched last`,
    fetchBytes: pulled,
    lowBytes: 0,
    highBytes: pulled === undefined ? undefined : pulled * 2,
    basis: pulled === undefined ? 'unknown' : 'estimated',
    coldBytes: pulled,
  };
}

function lastPull(image: string, builds: readonly KnownBuild[]): Bytes | undefined {
  const wanted = parseImageName(image);
  for (const known of builds) {
    for (const step of known.build.steps) {
      if (step.kind !== 'from' || step.status !== 'done') continue;
      const shown = parseImageName(
        step.instruction.replace(/^FROM\s+(?:--\S+\s+)*/, '').split(/\s/)[0] ?? '',
      );
      if (shown.name !== wanted.name && isSameImage(shown, wanted) !== true) continue;
      const bytes = known.bytesOf(step);
      if (bytes !== undefined && bytes > REQUESTS_HIGH) return bytes;
    }
  }
  return undefined;
}
