/** A few lines of each proxy's log, by its documentation. */
export const SQUID = `1694992833.804     17 192.0.2.9 TCP_MISS/200 4814 GET http://deb.example/pool/p/perl_5.36-7_amd64.deb - HIER_DIRECT/198.51.100.9 text/xml
1694992833.907     87 192.0.2.9 TCP_REFRESH_UNMODIFIED/200 299272 GET http://deb.example/a - HIER_DIRECT/198.51.100.9 text/xml
1694992834.185    370 192.0.2.9 TCP_MEM_HIT/200 2669167 GET http://deb.example/pool/p/perl_5.36-7_amd64.deb - HIER_NONE/- text/xml
1694992835.185      0 192.0.2.9 TCP_DENIED/403 3951 GET http://other.example/ - HIER_NONE/- text/html
1694992836.185    120 192.0.2.9 TCP_TUNNEL/200 1000 CONNECT npm.example:443 - HIER_DIRECT/2001:db8::1 -
1694992837.185     12 192.0.2.9 TCP_MISS_ABORTED/503 4019 GET http://gone.example/ - HIER_DIRECT/2001:db8::2 text/html
`;

export const SQUID_COMBINED =
  '192.0.2.9 - - [31/Oct/2023:08:46:32 +0100] "GET http://deb.example/a_1_all.deb HTTP/1.1" 200 5265 "-" ' +
  '"apt \\"x\\"" TCP_MISS:HIER_DIRECT\n';

export const ACNG = `1762766529|I|29564|fe80::1%host0|debrep/dists/bookworm/InRelease
1762766529|O|102|fe80::1%host0|debrep/dists/bookworm/InRelease
1762766530|I|133000|192.0.2.9|debrep/pool/main/l/less/less_590-2.1~deb12u2_amd64.deb
1762766530|O|132331|192.0.2.9|debrep/pool/main/l/less/less_590-2.1~deb12u2_amd64.deb
1762766531|O|132331|192.0.2.9|debrep/pool/main/l/less/less_590-2.1~deb12u2_amd64.deb
1762766532|I|500|192.0.2.9|debrep/dists/x/Packages
`;

export const NGINX_FORMAT =
  '$remote_addr - [$time_local] "$request" $status $bytes_sent $upstream_cache_status "$upstream_bytes_received"';

export const NGINX_LINES =
  '2001:db8::5 - [30/Nov/2023:19:35:27 +0000] "GET /simple/a/a-1.0-py3-none-any.whl HTTP/1.1" 200 4844 MISS "100, 4900"\n' +
  '2001:db8::5 - [30/Nov/2023:19:35:28 +0000] "GET /simple/a/a-1.0-py3-none-any.whl HTTP/1.1" 200 4844 HIT "-"\n';

export const NGINX_JSON =
  '{"time_local":"30/Nov/2023:19:35:27 +0000","upstream_cache_status":"MISS",' +
  '"request_uri":"/v2/library/ubuntu/blobs/sha256:2c","status":"200","bytes_sent":"943"}\n';

export const VERDACCIO = ` warn --- http address - http://localhost:4873/ - verdaccio/4.9.1
 http --> 200, req: 'GET https://registry.npmjs.org/execa' (streaming)
 http --> 200, req: 'GET https://registry.npmjs.org/execa', bytes: 0/119164
 http <-- 200, user: null(172.17.0.1), req: 'GET /execa', bytes: 0/27224
 http <-- 200, user: null(172.17.0.1), req: 'GET /execa', bytes: 0/27224
 http <-- 200, user: null(172.17.0.1), req: 'GET /ink/-/ink-6.8.0.tgz', bytes: 0/0
 http <-- 200, user: null(172.17.0.1), req: 'GET /ink/-/ink-6.8.0.tgz', bytes: 0/517
 http <-- 200, user: null(172.17.0.1), req: 'GET /react', bytes: 0/400
`;
