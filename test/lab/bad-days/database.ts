import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SCRIPT = `
  const database = new (require('sqlite3').Database)(process.argv[1]);
  database.exec(process.argv[2], (error) => {
    if (error !== null) throw error;
    console.log('done');
    process.stdin.on('end', () => database.close()).resume();
  });`;

/**
 * Runs SQL on a database from another process, as somebody with a browser for it would, and keeps it open.
 * @returns closes it; may be called again
 */
export async function onDatabase(path: string, sql: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['-e', SCRIPT, path, sql], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [said] = await Promise.race([once(child.stdout, 'data'), exited]);
  if (String(said) !== 'done\n') throw new Error(`the SQL was not run: ${sql}`);
  return async () => {
    child.stdin.end();
    await exited;
  };
}
