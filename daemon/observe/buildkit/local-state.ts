import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalState } from '../../../src/builds/facts.js';
import { asRecord, asText } from '../docker/json-value.js';

const MOST_BYTES = 64 << 10;
/** What BuildKit's refs look like; anything else would be a path of somebody's choice. */
const REF = /^[a-z0-9]{10,64}$/;

/**
 * Reads what buildx writes down about each of its builds, in `refs/<builder>/<node>/<ref>` of its directory:
 * `{"Target": "default", "LocalPath": "/home/me/shop", "DockerfilePath": ""}` (seen with buildx 0.29). The
 * engine is not told where a local context lies; this is the only place that says.
 *
 * @param buildxDirs directories of buildx, asked for anew each time: `~/.docker/buildx` of each user
 */
export function createLocalStateReader(
  buildxDirs: () => Promise<readonly string[]>,
): (ref: string) => Promise<LocalState | undefined> {
  return async (ref) => {
    if (!REF.test(ref)) return undefined;
    for (const dir of await buildxDirs()) {
      const refs = join(dir, 'refs');
      for (const builder of await namesIn(refs)) {
        for (const node of await namesIn(join(refs, builder))) {
          const state = await readState(join(refs, builder, node, ref));
          if (state) return state;
        }
      }
    }
    return undefined;
  };
}

/** The buildx directories of everybody with a home, from a table of users (passwd(5)). */
export async function buildxDirsOfUsers(passwdFile: string): Promise<string[]> {
  const lines = (await readFile(passwdFile, 'utf8')).split('\n');
  const homes = lines.map((line) => line.split(':')[5]).filter((home) => home?.startsWith('/'));
  return [...new Set(homes)].map((home) => join(home!, '.docker', 'buildx'));
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch {
    return [];
  }
}

async function readState(path: string): Promise<LocalState | undefined> {
  const text = await readSmallFile(path);
  if (text === undefined) return undefined;
  let state: ReturnType<typeof asRecord>;
  try {
    state = asRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
  const localPath = asText(state.LocalPath);
  // `-` is a context from standard input.
  if (localPath === undefined || localPath === '-') return undefined;
  return { localPath, dockerfilePath: asText(state.DockerfilePath) };
}

/** The directory belongs to a user: no links are followed and no pipes waited for. */
async function readSmallFile(path: string): Promise<string | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: FileHandle | undefined;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}
