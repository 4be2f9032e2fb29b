// Listens on a socket and hands it to a command, as systemd does for `dockerd -H fd://`:
//   node hand-over.js SOCKET COMMAND ARGUMENT…
import { spawn } from 'node:child_process';
import { linkSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';

process.title = 'systemd';
const [path, command, ...args] = process.argv.slice(2);
const server = createServer();
server.listen(path, () => {
  const stdio = ['ignore', 'ignore', 'ignore', server._handle.fd];
  const child = spawn(command, args, { stdio });
  child.on('exit', () => process.exit());
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  stopAccepting();
});

/** Or every other connection would be this process's, which answers none. Closing takes the path away. */
function stopAccepting() {
  const kept = `${path}.kept`;
  linkSync(path, kept);
  server.close(() => renameSync(kept, path));
}
