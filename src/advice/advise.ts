import type { Dockerfile } from '../dockerfile/types.js';
import { missingCacheMounts } from './cache-mounts.js';
import { unpinnedImages } from './images.js';
import { brokenLayers } from './layer-order.js';
import { sceneOf } from './scene.js';
import { aptDockerClean, cacheMountUsers, defeatedCacheMounts, poetryVirtualenv } from './traps.js';
import type { Advice, StepRun } from './types.js';

const rules = [
  missingCacheMounts,
  defeatedCacheMounts,
  aptDockerClean,
  poetryVirtualenv,
  cacheMountUsers,
  brokenLayers,
  unpinnedImages,
];

/**
 * What to change in a Dockerfile, dearest first, then by line.
 * @param history steps of builds of this file in the period; undefined when nobody metered
 */
export function adviseOn(file: Dockerfile, history?: readonly StepRun[]): Advice[] {
  const scene = sceneOf(file, history);
  const advice = rules.flatMap((rule) => rule(scene));
  return advice
    .map((each) => (sharesBytes(each, advice) ? { ...each, message: `${each.message}${SAME_BYTES}` } : each))
    .toSorted((one, other) => (other.savesBytes ?? -1) - (one.savesBytes ?? -1) || one.line - other.line);
}

const SAME_BYTES = ' (the bytes that its cache mount would save, not more)';

/** A step downloads its bytes once: two pieces of advice about them do not add up. */
function sharesBytes(each: Advice, advice: readonly Advice[]): boolean {
  if (each.code !== 'layer-cache-broken' || !each.savesBytes) return false;
  return advice.some((other) => other.code === 'cache-mount-missing' && other.line === each.line);
}
