import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { NetmeterError } from '../src/errors.js';

/**
 * Writes a file whole or not at all: beside it, then renamed over it. A link goes on leading to its file. What is no
 * file, such as /dev/stdout or a pipe, is written to: a rename would put a file in its place.
 * @throws NetmeterError `output-unwritable`
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  try {
    if (await isStream(file)) await writeFile(file, text);
    else await replace(await realpath(file).catch(() => file), text);
  } catch (cause) {
    const message = `the report could not be written to ${file}: ${(cause as Error).message}`;
    const hint = 'Give a path in a directory that you may write to.';
    throw new NetmeterError('output-unwritable', message, { cause, hint });
  }
}

async function isStream(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

async function replace(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(beside, text, { flush: true });
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
