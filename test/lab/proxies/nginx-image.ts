import type { Cleanup } from '../harness/index.js';
import { importImage } from './images.js';

/** Its last words are the bytes that were sent, what the cache did, and the bytes that were received for it. */
export const NGINX_LOG_FORMAT =
  '$remote_addr - $remote_user [$time_local] "$request" $status $bytes_sent $upstream_cache_status $upstream_bytes_received';

/** An image of nginx, Debian's, that keeps what it fetches and logs on its standard output. @returns its name */
export async function importNginx(cleanup: Cleanup, upstream: string): Promise<string> {
  const tag = 'nm-lab/nginx-cache:1';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path /tmp/${name};`,
  );
  await importImage(cleanup, {
    tag,
    programs: ['/usr/sbin/nginx'],
    files: {
      '/etc/nginx.conf': `
daemon off;
user root;
pid /run/nginx.pid;
error_log stderr;
events {}
http {
  ${temporary.join('\n  ')}
  log_format told '${NGINX_LOG_FORMAT}';
  access_log /dev/stdout told;
  proxy_cache_path /var/tmp/cache keys_zone=all:1m;
  server {
    listen 8080;
    location = /up { return 204; access_log off; }
    location / {
      proxy_pass ${upstream};
      proxy_cache all;
      proxy_cache_valid 200 1h;
    }
  }
}
`,
      '/var/log/nginx/none': '',
      '/var/lib/nginx/none': '',
    },
    command: ['/usr/sbin/nginx', '-c', '/etc/nginx.conf'],
  });
  return tag;
}
