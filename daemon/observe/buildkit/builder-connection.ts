import type { EngineAddress } from '../docker/engine-address.js';
import { nonsense } from '../docker/engine-errors.js';
import { asRecord, asText } from '../docker/json-value.js';
import { openGrpc } from './connection.js';
import { hijack, postJson } from './hijack.js';
import { MultiplexedStream } from './multiplexed-stream.js';
import type { BuildkitConnection } from './types.js';

const DIAL = ['buildctl', 'dial-stdio'];

/**
 * Connects to the BuildKit in a container, as buildx's docker-container driver makes them: by the program in
 * there that passes its standard input and output on to it, which the engine starts for us.
 *
 * @param container name or id, such as `buildx_buildkit_mybuilder0`
 * @throws not-found when there is no such container, engine-unreachable when it does not run, and the like
 */
export function connectBuilder(
  address: EngineAddress,
  container: string,
  signal: AbortSignal,
): Promise<BuildkitConnection> {
  return openGrpc(address, async () => {
    const path = `/containers/${encodeURIComponent(container)}/exec`;
    const request = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: DIAL };
    const id = asText(asRecord(await postJson(address, { path, body: request }, signal)).Id);
    if (id === undefined) throw nonsense(address, `its answer to ${path} names no process`);
    const start = { path: `/exec/${id}/start`, protocol: 'tcp', body: { Detach: false, Tty: false } };
    const stream = new MultiplexedStream(await hijack(address, start, signal));
    stream.on('error', () => {}); // whoever reads the connection reports it
    return stream;
  });
}
