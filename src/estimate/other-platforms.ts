import type { StepForecast } from './types.js';

/**
 * A line for each platform that is built along with the first one. Their base images, and what their steps fetch, are
 * others; what they share with it is fetched once. Nothing of that is predicted.
 */
export function otherPlatforms(platforms: readonly string[]): StepForecast[] {
  return platforms.map((platform) => ({
    name: `[${platform}] all steps`,
    kind: 'run',
    line: 1,
    willRun: true,
    because: 'what it fetches besides is not predicted: of several platforms, only the first one is',
    fetchBytes: undefined,
    lowBytes: 0,
    highBytes: undefined,
    basis: 'unknown',
    coldBytes: undefined,
  }));
}
