import { NetmeterError } from '../errors.js';

/** Where a copy of a cache goes. */
export type Destination =
  | { kind: 'directory'; path: string }
  | { kind: 'tar'; path: string }
  | { kind: 'volume'; name: string };

/** Docker's own rule for names (volume names of moby). */
const VOLUME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * `DIR` (with a slash in it, or one that is there), `FILE.tar`, or else the name of a volume; `dir:`, `tar:` and
 * `volume:` say which.
 *
 * @param isDirectory whether there is a directory of that name
 * @throws NetmeterError `usage`
 */
export function parseDestination(text: string, isDirectory: (path: string) => boolean): Destination {
  const [, kind, rest = ''] = /^(dir|tar|volume):(.*)$/s.exec(text) ?? [];
  if (kind === 'dir' && rest !== '') return { kind: 'directory', path: rest };
  if (kind === 'tar' && rest !== '') return { kind: 'tar', path: rest };
  if (kind === undefined && text.endsWith('.tar')) return { kind: 'tar', path: text };
  const isPath = text.includes('/') || text === '.' || text === '..' || (text !== '' && isDirectory(text));
  if (kind === undefined && isPath) return { kind: 'directory', path: text };
  const name = kind === 'volume' ? rest : text;
  if (VOLUME.test(name)) return { kind: 'volume', name };
  throw new NetmeterError('usage', `--to: ${JSON.stringify(text)} is no directory, tar file or volume`, {
    hint: 'a directory has a slash in it (./cache), a tar file ends with .tar, a volume has a name like pip-cache',
  });
}

/** How a container gets a volume: for its command line, and for devcontainer.json. */
export function mountLines(volume: string, target: string): { dockerRun: string; devContainer: string } {
  const mount = `source=${volume},target=${target},type=volume`;
  // `-v` ends the path at a colon.
  const flag = target.includes(':') ? `--mount ${quoted(mount)}` : `-v ${quoted(`${volume}:${target}`)}`;
  return { dockerRun: `docker run ${flag} IMAGE`, devContainer: `"mounts": [${JSON.stringify(mount)}]` };
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
