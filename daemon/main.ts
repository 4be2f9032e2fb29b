/** The daemon's entry. */
import { nodeHost } from './lifecycle/node-host.js';
import { runDaemon } from './lifecycle/run-daemon.js';
import { createPipeline } from './create-pipeline.js';

process.exit(await runDaemon(nodeHost(), createPipeline));
