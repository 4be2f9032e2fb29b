import { writeFileSync } from 'node:fs';
import type { Cleanup } from '../harness/index.js';
import { answers, startProgram, workDir } from './programs.js';

/** apt-cacher-ng as it is delivered, but for its places. */
export async function startAptCacher(cleanup: Cleanup, port: number, cgroup: string): Promise<void> {
  const dir = workDir(cleanup);
  writeFileSync(
    `${dir}/acng.conf`,
    `CacheDir: ${dir}/cache\nLogDir: ${dir}/log\nSocketPath: ${dir}/socket\nPort: ${port}\nForeGround: 1\n`,
  );
  await startProgram(cleanup, ['/usr/sbin/apt-cacher-ng', '-c', dir], { cgroup });
  await answers(`http://127.0.0.1:${port}/`);
}
