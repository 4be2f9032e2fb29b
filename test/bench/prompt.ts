/** What `netmeter prompt` costs a shell prompt: the whole process, beside Node's own start. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PromptDocument } from '../../src/protocol/documents.js';
import { startServer } from '../daemon/server/harness.js';
import { median } from './processes.js';

const CLI = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));
const RUNS = 40;

interface Run {
  ms: number;
  cpuMs: number;
}

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
const { readFileSync } = require('node:fs');
const childrenTicks = () => {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return Number(fields[13]) + Number(fields[14]);
};
const out = [[], []];
for (let i = 0; i < ${RUNS}; i++) for (const [kind, args] of [['-e', '0'], ['${CLI}', 'prompt']].entries()) {
  const begin = performance.now();
  const ticks = childrenTicks();
  execFileSync(process.execPath, args, { env: { ...process.env, NETMETER_STATE_DIR: '${server.dir}' } });
  out[kind].push({ ms: performance.now() - begin, cpuMs: 10 * (childrenTicks() - ticks) });
}
process.stdout.write(JSON.stringify(out));`;
/** In a process of its own, since this one has to answer meanwhile. */
const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
let text = '';
for await (const chunk of child.stdout) text += String(chunk);
await server.close();
const [node, prompt] = JSON.parse(text) as [Run[], Run[]];
const wall = (runs: Run[]) => median(runs.map(({ ms }) => ms));
const cpu = (runs: Run[]) => runs.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / runs.length;
for (const [what, of] of [
  ['time (median)', wall],
  ['CPU time (mean)', cpu],
] as const) {
  const [bare, whole] = [of(node), of(prompt)];
  console.log(
    `${what}: node -e 0 ${bare.toFixed(1)} ms, netmeter prompt ${whole.toFixed(1)} ms: ${(whole - bare).toFixed(1)} ms more`,
  );
}
