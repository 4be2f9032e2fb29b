/** The text of a Dockerfile: a file, or standard input for `-`. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { stdin } from 'node:process';
import { MOST_BYTES } from '../../src/dockerfile/read.js';
import { NetmeterError } from '../../src/errors.js';

/** @throws NetmeterError `unreadable-input`, `permission-denied` */
export async function readDockerfileText(path: string): Promise<string> {
  try {
    if (path === '-') return await readAll(stdin, 'standard input');
    if ((await stat(path)).isDirectory()) throw unreadable(path, 'it is a directory');
    return await readAll(createReadStream(path), path);
  } catch (error) {
    if (error instanceof NetmeterError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new NetmeterError('permission-denied', `${path} may not be read`, { cause: error });
    }
    throw unreadable(path, code === 'ENOENT' ? 'there is no such file' : message, error);
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw unreadable(name, `more than ${MOST_BYTES} bytes are no Dockerfile`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreadable(path: string, because: string, cause?: unknown): NetmeterError {
  return new NetmeterError('unreadable-input', `${path}: ${because}`, {
    hint: 'Name the Dockerfile, or - for standard input.',
    ...(cause === undefined ? {} : { cause }),
  });
}
