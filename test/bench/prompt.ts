/** What `netmeter prompt` costs a shell prompt: the whole process, beside Node's own start. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PromptDocument } from '../../src/protocol/documents.js';
import { startServer } from '../daemon/server/harness.js';
import { median } from './processes.js';

const CLI = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));
const RUNS = 40;
const ANSWER: PromptDocument = {
  schema: 1,
  link: 'Annas Hotspot',
  metered: true,
  usedBytes: 3_800_000_000,
  budgetBytes: 5_000_000_000,
  remainingBytes: 1_200_000_000,
  limitBytes: 100_000_000,
  warnings: 1,
};

const server = await startServer({}, { prompt: () => ANSWER });
const script = `const { execFileSync } = require('node:child_process');
const out = [];
for (let i = 0; i < ${RUNS}; i++) for (const args of [['-e', '0'], ['${CLI}', 'prompt']]) {
  const begin = performance.now();
  execFileSync(process.execPath, args, { env: { ...process.env, NETMETER_STATE_DIR: '${server.dir}' } });
  out.push(performance.now() - begin);
}
process.stdout.write(JSON.stringify(out));`;
/** In a process of its own, since this one has to answer meanwhile. */
const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
let text = '';
for await (const chunk of child.stdout) text += String(chunk);
await server.close();
const times = JSON.parse(text) as number[];
const node = median(times.filter((_, place) => place % 2 === 0));
const prompt = median(times.filter((_, place) => place % 2 === 1));
console.log(
  `node -e 0 ${node.toFixed(1)} ms, netmeter prompt ${prompt.toFixed(1)} ms: ${(prompt - node).toFixed(1)} ms more`,
);
