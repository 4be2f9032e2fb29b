import { againstRepeats } from './repeats.js';
import type { Scene } from './scene.js';
import type { Advice } from './types.js';

/** Images that may be another one tomorrow: then they are fetched again, and every step on them runs again. */
export function unpinnedImages({ stages, history }: Scene): Advice[] {
  return stages.flatMap(({ image, stage }) => {
    if (image === undefined || image === 'scratch' || image.includes('$') || image.includes('@')) return [];
    const tag = /:([^/:]+)$/.exec(image)?.[1];
    if (tag !== undefined && tag !== 'latest') return [];
    const pulls = (history ?? []).filter((run) => isPullOf(run.instruction, image));
    return [
      {
        code: 'image-unpinned' as const,
        message:
          `${image} is whatever the registry calls latest at the time: when that changes, the image is fetched again and all ` +
          'steps on it run again; name a version, or better its digest (@sha256:…)',
        line: stage.from.line,
        ...againstRepeats(pulls),
        fix: undefined,
      },
    ];
  });
}

/** `FROM docker.io/library/busybox:latest@sha256:…` */
function isPullOf(instruction: string, image: string): boolean {
  const pulled = /^FROM\s+(?:--\S+\s+)*([^\s@]+)/.exec(instruction)?.[1];
  if (pulled === undefined) return false;
  const name = image.replace(/:latest$/, '');
  return [name, `docker.io/${name}`, `docker.io/library/${name}`].includes(pulled.replace(/:latest$/, ''));
}
