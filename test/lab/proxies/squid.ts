import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { type Cleanup, run } from '../harness/index.js';
import type { ProgramImage } from './images.js';
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

/** An image of squid, Debian's, that logs where squid does unless told otherwise. */
export function squidImage(): ProgramImage {
  const share = '/usr/share/squid';
  const pages = readdirSync(`${share}/errors/templates`).map((name) => `${share}/errors/templates/${name}`);
  const read = (path: string) => [path, readFileSync(path, 'utf8')] as const;
  return {
    tag: 'nm-lab/squid:1',
    programs: ['/usr/sbin/squid', '/usr/lib/squid/unlinkd'],
    files: {
      ...Object.fromEntries([...pages, `${share}/mime.conf`].map(read)),
      '/etc/squid.conf': `
http_port 3128
acl everybody src all
http_access allow everybody
cache_mem 64 MB
maximum_object_size_in_memory 32 MB
refresh_pattern . 1440 100% 1440 override-expire ignore-reload
mime_table ${share}/mime.conf
error_directory ${share}/errors/templates
icon_directory ${share}
pid_filename none
visible_hostname squid
cache_log /tmp/cache.log
access_log stdio:/var/log/squid/access.log
coredump_dir /tmp
pinger_enable off
shutdown_lifetime 0 seconds
`,
    },
    command: ['/usr/sbin/squid', '-N', '-f', '/etc/squid.conf'],
  };
}
