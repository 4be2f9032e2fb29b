import { chmodSync } from 'node:fs';
import { type Cleanup, run } from '../harness/index.js';
import { answers, type Program, startProgram, workDir } from './programs.js';

/**
 * Squid as it is delivered, but for its places: everything that may be cached is, kept in memory, and
 * fetched to its end although who asked for it has gone.
 */
export async function startSquid(cleanup: Cleanup, port: number, cgroup: string): Promise<Program> {
  const dir = workDir(cleanup);
  chmodSync(dir, 0o777);
  const config = `${dir}/squid.conf`;
  await run('tee', [config], {
    input: `
http_port ${port}
acl everybody src all
http_access allow everybody
cache_mem 256 MB
maximum_object_size_in_memory 64 MB
maximum_object_size 64 MB
refresh_pattern . 1440 100% 1440 override-expire ignore-reload
pid_filename ${dir}/squid.pid
cache_log ${dir}/cache.log
access_log ${dir}/access.log
coredump_dir ${dir}
pinger_enable off
quick_abort_min -1 KB
shutdown_lifetime 0 seconds
`,
  });
  const program = await startProgram(cleanup, ['squid', '-N', '-f', config], { cgroup });
  await answers(`http://127.0.0.1:${port}/`);
  return program;
}
