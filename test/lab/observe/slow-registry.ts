import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Cleanup, lab } from '../harness/index.js';

const SLOW_PORT = fileURLToPath(new URL('slow-port.js', import.meta.url));

/**
 * The lab's registry behind a slow line, at a port of its own: on the lab's uplink a pull is over before
 * an engine has told of its progress once.
 *
 * @returns the registry's name for image references, such as `198.51.100.200:5017`
 */
export async function slowRegistry(cleanup: Cleanup, port: number, bytesPerSecond: number): Promise<string> {
  const { netns, registry } = lab();
  const [host, targetPort] = registry.split(':');
  const words = ['netns', 'exec', netns, process.execPath, SLOW_PORT, host!, String(port), targetPort!];
  const child = spawn('ip', [...words, String(bytesPerSecond)], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanup.defer(() => child.kill());
  await once(child.stdout, 'data');
  return `${host}:${port}`;
}
