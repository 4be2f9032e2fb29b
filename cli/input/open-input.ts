/** The bytes of an input: a file, or standard input for `-`. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { stdin } from 'node:process';
import { NetmeterError } from '../../src/errors.js';

const CHUNK = 1 << 20;

/** Ends early, as if the input did, when `signal` is aborted: a live capture is ended by hand. */
export async function* openInput(file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stream = file === '-' ? stdin : createReadStream(await readable(file), { highWaterMark: CHUNK });
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (!signal.aborted) yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!signal.aborted) throw unreadable(file, error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function readable(file: string): Promise<string> {
  const facts = await stat(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  if (facts.isDirectory()) {
    throw new NetmeterError('unreadable-input', `${file} is a directory`, {
      hint: 'Give it the files in it.',
    });
  }
  return file;
}

function unreadable(file: string, error: unknown): NetmeterError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return new NetmeterError('permission-denied', `${file} may not be read`, { cause: error });
  }
  const because = code === 'ENOENT' ? 'there is no such file' : message;
  return new NetmeterError('unreadable-input', `${file}: ${because}`, { cause: error });
}
