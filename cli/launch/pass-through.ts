import type { Readable, Writable } from 'node:stream';

const LOOK_EVERY_MS = 500;
const QUIET_LOOKS = 3;

/** A child's output on its way to this process's own. */
export interface PassThrough {
  /**
   * Resolves when all of it has been passed on; when the child is gone, at the latest when nothing has come for a
   * while from what the child left behind.
   */
  finished(childIsGone: Promise<unknown>): Promise<void>;
}

/**
 * Passes all bytes on as they are and as fast as they are taken, and shows them on the way. Whoever writes is told
 * when nobody reads any more, as if it wrote there itself.
 */
export function passThrough(from: Readable, to: Writable, see: (bytes: Uint8Array) => void): PassThrough {
  let bytes = 0;
  const closed = new Promise<void>((resolve) => from.once('close', resolve));
  from.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    see(chunk);
  });
  from.on('error', () => {});
  to.on('error', () => from.destroy());
  from.pipe(to, { end: false });
  return {
    async finished(childIsGone) {
      await Promise.race([closed, childIsGone]);
      let timer: NodeJS.Timeout | undefined;
      const quiet = new Promise<void>((resolve) => {
        let [seen, looks] = [bytes, 0];
        timer = setInterval(() => {
          looks = bytes === seen && !to.writableNeedDrain ? looks + 1 : 0;
          seen = bytes;
          if (looks >= QUIET_LOOKS) resolve();
        }, LOOK_EVERY_MS);
      });
      await Promise.race([closed, quiet]);
      clearInterval(timer);
      from.destroy();
    },
  };
}
