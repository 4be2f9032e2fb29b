import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { withFreshUrls } from '../../src/baseline/fresh-urls.js';
import { readDockerfile } from '../../src/dockerfile/read.js';
import { NetmeterError } from '../../src/errors.js';
import { readDockerfileText } from '../dockerfile/read-text.js';
import { parseBuildArguments } from '../estimate/build-arguments.js';

export interface BuildFile {
  /** To build from. */
  path: string;
  remove(): Promise<void>;
}

/**
 * The Dockerfile to build from: the user's own, or one beside nothing of theirs whose ADD instructions fetch anew.
 *
 * @throws NetmeterError `usage` for contexts that are not on this machine, `unreadable-input`
 */
export async function dockerfileFor(words: readonly string[], cwd: string, name: string): Promise<BuildFile> {
  const { context, file } = parseBuildArguments(words);
  if (context === '-' || file === '-' || /^(?:[a-z+]+:\/\/|git@)/.test(context)) {
    throw new NetmeterError('usage', `a baseline is measured from a folder, not from ${context}`, {
      hint: 'unpack or clone it, and name the folder',
    });
  }
  const path = file === undefined ? resolve(cwd, context, 'Dockerfile') : resolve(cwd, file);
  const text = await readDockerfileText(path);
  const fresh = withFreshUrls(text, readDockerfile(text, path), name);
  if (fresh.changed === 0) return { path, remove: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'netmeter-baseline-'));
  const copy = join(folder, 'Dockerfile');
  await writeFile(copy, fresh.text);
  await copyIgnores(path, resolve(cwd, context), `${copy}.dockerignore`);
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
