/** The program that answers for a stopped daemon, with one answer that needs no database. */
import { runQuery } from '../../../daemon/lifecycle/run-query.js';

process.exitCode = await runQuery(
  {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    version: '1.2.3',
    input: process.stdin,
    output: process.stdout,
  },
  async () => ({ handlers: { builds: () => ({ schema: 1, builds: [] }) }, close: async () => {} }),
);
