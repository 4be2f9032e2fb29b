import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { withFreshUrls } from '../../src/baseline/fresh-urls.js';
import { readDockerfile } from '../../src/dockerfile/read.js';
import type { Dockerfile } from '../../src/dockerfile/types.js';
import { NetmeterError } from '../../src/errors.js';
import { isRemoteContext } from '../docker/remote-context.js';
import { readDockerfileText } from '../dockerfile/read-text.js';
import { parseBuildArguments } from '../estimate/build-arguments.js';

export interface BuildFile {
  /** To build from. */
  path: string;
  remove(): Promise<void>;
}

export interface OwnFile {
  path: string;
  text: string;
  dockerfile: Dockerfile;
  context: string;
}

/**
 * The user's own Dockerfile.
 *
 * @throws NetmeterError `usage` for what is not on this machine, `unreadable-input`, `permission-denied`
 */
export async function ownFile(words: readonly string[], cwd: string): Promise<OwnFile> {
  const { context, file } = parseBuildArguments(words);
  const isGit = isRemoteContext(context);
  if (isGit || context === '-' || file === '-') {
    const what = isGit ? context : 'standard input';
    throw new NetmeterError(
      'usage',
      `a baseline is measured from a folder of this machine, not from ${what}`,
      {
        hint: isGit ? 'clone it, and name the folder' : 'unpack it, and name the folder',
      },
    );
  }
  const path = file === undefined ? resolve(cwd, context, 'Dockerfile') : resolve(cwd, file);
  const text = await readDockerfileText(path);
  return { path, text, dockerfile: readDockerfile(text, path), context: resolve(cwd, context) };
}

/**
 * The Dockerfile to build from: the user's own, or one beside nothing of theirs whose ADD instructions fetch anew.
 *
 * @throws NetmeterError as `ownFile`
 */
export async function dockerfileFor(words: readonly string[], cwd: string, name: string): Promise<BuildFile> {
  const { path, text, dockerfile, context } = await ownFile(words, cwd);
  const fresh = withFreshUrls(text, dockerfile, name);
  if (fresh.changed === 0) return { path, remove: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'netmeter-baseline-'));
  const copy = join(folder, 'Dockerfile');
  await writeFile(copy, fresh.text);
  await copyIgnores(path, context, `${copy}.dockerignore`);
  return { path: copy, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** What is left out goes by the name of the Dockerfile. */
async function copyIgnores(path: string, context: string, to: string): Promise<void> {
  for (const ignores of [`${path}.dockerignore`, join(context, '.dockerignore')]) {
    try {
      await copyFile(ignores, to);
      return;
    } catch {
      // There is none of that name.
    }
  }
}
