import { closeSync, constants, openSync } from 'node:fs';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Opens a file below a root without following any link: whoever rules a container could make one that leads out
 * of it. Not to be waited for, should it be a pipe.
 * @param path absolute, as it is called below the root
 */
export function openBeneath(root: string, path: string): number {
  const parts = path.split('/').filter(Boolean);
  const name = parts.pop() ?? '.';
  let folder = openSync(root, O_RDONLY | O_DIRECTORY);
  try {
    for (const part of parts) {
      const next = openSync(`/proc/self/fd/${folder}/${part}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      closeSync(folder);
      folder = next;
    }
    return openSync(`/proc/self/fd/${folder}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } finally {
    closeSync(folder);
  }
}
