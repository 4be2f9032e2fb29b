/** Looks at what this machine has, and says so as one JSON document on standard output. */
import { homedir } from 'node:os';
import { examine } from './doctor/examine.js';
import { parseSettings } from './lifecycle/settings.js';

const settings = parseSettings(process.argv.slice(2));
const document = await examine({
  settings,
  env: process.env,
  uid: process.getuid?.() ?? 0,
  homeDir: homedir(),
  procRoot: '/proc',
  sysRoot: '/sys',
});
process.stdout.write(`${JSON.stringify(document)}\n`);
