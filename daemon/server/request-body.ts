import type { IncomingMessage } from 'node:http';
import { NetmeterError } from '../../src/errors.js';
import { MAX_REQUEST_BYTES } from '../../src/protocol/messages.js';

/**
 * The whole body as text.
 * @throws NetmeterError `usage` as soon as it is too long, however long it says it is
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed when it is too long: the connection still has to carry the answer.
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) {
      throw new NetmeterError('usage', `the request is longer than ${MAX_REQUEST_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
