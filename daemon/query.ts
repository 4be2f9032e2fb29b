/** Answers one Request on standard input from the database of a stopped daemon, for those it belongs to. */

import { VERSION } from '../src/version.js';
import { runQuery } from './lifecycle/run-query.js';
import { openStoredAnswers } from './pipeline/stored-only.js';

process.exitCode = await runQuery(
  {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    version: VERSION,
    input: process.stdin,
    output: process.stdout,
  },
  openStoredAnswers,
);
