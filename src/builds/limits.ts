/**
 * What is kept of one build at most, whatever the engine sends. Far above what real builds have: the
 * largest Dockerfiles have a few hundred steps, images at most 127 layers (overlayfs).
 */

/** Vertices of one build; later ones are left out and counted. */
export const MOST_STEPS = 2_000;
/** Characters of a step's name, of an error; longer ones are cut. */
export const MOST_TEXT = 4_096;
/** Dependencies of one step. */
export const MOST_INPUTS = 256;
/** Separate times at which one step ran; the closest are merged. */
export const MOST_INTERVALS = 64;
/** Blobs of one build, over all its steps. */
export const MOST_BLOBS = 4_096;
/** Progress values of one blob; every other one is dropped when there are more. */
export const MOST_SAMPLES = 64;

/** Cuts a text to a length, not in the middle of a surrogate pair, and marks that it was. */
export function cutText(text: string, most = MOST_TEXT): string {
  if (text.length <= most) return text;
  const end = most - 1;
  const splitsPair = /[\ud800-\udbff]/.test(text.charAt(end - 1));
  return `${text.slice(0, splitsPair ? end - 1 : end)}…`;
}
