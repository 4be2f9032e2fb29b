import { writeFileSync } from 'node:fs';
import { type Cleanup, lab } from '../harness/index.js';
import { answers, startProgram, workDir } from './programs.js';

/** As it is delivered, but for its places: it passes on what the registry of the lab has, and keeps it. */
export async function startVerdaccio(cleanup: Cleanup, port: number, cgroup: string): Promise<void> {
  const { verdaccio, npmRegistry } = lab();
  if (verdaccio === undefined) throw new Error('the lab has no verdaccio: run scripts/lab/lab up');
  const dir = workDir(cleanup);
  const config = `${dir}/config.yaml`;
  writeFileSync(
    config,
    `storage: ${dir}/storage
auth: {htpasswd: {file: ${dir}/htpasswd}}
log: {type: file, path: ${dir}/log, level: warn}
web: {enable: false}
uplinks: {far: {url: "${npmRegistry}"}}
packages: {"**": {access: $all, proxy: far}}
`,
  );
  const listen = ['--listen', `http://0.0.0.0:${port}`];
  await startProgram(cleanup, [process.execPath, verdaccio, '--config', config, ...listen], { cgroup });
  await answers(`http://127.0.0.1:${port}/-/ping`);
}
