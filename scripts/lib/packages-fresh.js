// Exit 0 where node_modules holds what package-lock.json asks for, compiled parts included; else 1.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NATIVE = ['koffi', 'sqlite3'];

/** npm writes what it installed into node_modules/.package-lock.json. */
function isFresh() {
  const installedFile = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  // An optional package may be one for another platform.
  const asked = Object.entries(wanted).filter(([path, { optional }]) => path !== '' && !optional);
  return asked.every(([path, { version }]) => installed[path]?.version === version) && NATIVE.every(loads);
}

function loads(name) {
  try {
    createRequire(join(root, 'package.json'))(name);
    return true;
  } catch {
    return false;
  }
}

process.exit(isFresh() ? 0 : 1);
