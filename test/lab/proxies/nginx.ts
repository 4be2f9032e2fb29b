import { chmodSync, writeFileSync } from 'node:fs';
import type { Cleanup } from '../harness/index.js';
import { answers, type Program, type ProgramOptions, startProgram, workDir } from './programs.js';

export interface CachingServer extends ProgramOptions {
  /** Where it listens, with the address that it is asked at to see whether it is up. */
  readonly address: string;
  readonly port: number;
  /** Base URL of what it keeps the answers of. */
  readonly upstream: string;
}

/** nginx as a cache in front of a package index, as people write it: all that was found is kept for an hour. */
export async function startNginx(cleanup: Cleanup, server: CachingServer): Promise<Program> {
  const { address, port, upstream, netns } = server;
  const dir = workDir(cleanup);
  chmodSync(dir, 0o777);
  const config = `${dir}/nginx.conf`;
  writeFileSync(
    config,
    `daemon off; pid ${dir}/nginx.pid; error_log ${dir}/error.log; user root;
events {}
http {
  access_log off;
  proxy_temp_path ${dir}/temp; client_body_temp_path ${dir}/body; fastcgi_temp_path ${dir}/f;
  uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  proxy_cache_path ${dir}/cache keys_zone=packages:1m use_temp_path=off;
  server {
    listen ${port};
    location / { proxy_pass ${upstream}; proxy_cache packages; proxy_cache_valid 200 1h; }
  }
}
`,
  );
  const nginx = ['nginx', '-e', `${dir}/error.log`, '-c', config];
  const program = await startProgram(cleanup, nginx, server);
  await answers(`http://${address}:${port}/stats`, netns);
  return program;
}
