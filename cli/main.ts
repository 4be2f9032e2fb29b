/** The command line's entry: the only file of it that touches the process. */

import { VERSION } from '../src/version.js';
import { commands } from './commands/index.js';
import { nodeIo } from './io-node.js';
import { runCommandLine } from './program.js';
import { takeSignals } from './signals.js';

const controller = new AbortController();
const signals = takeSignals(controller);
// `netmeter builds | head` closes the pipe before all is written: that is no error.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
  process.stderr.write(`netmeter: the output could not be written: ${message} (output-unwritable)\n`);
  process.exit(1);
});

const io = nodeIo(import.meta.url, controller.signal, signals);
void runCommandLine(process.argv.slice(2), commands, VERSION, io).then((code) => {
  process.exitCode = code;
});
