/** The daemon's entry. */

import { createPipeline } from './create-pipeline.js';
import { nodeHost } from './lifecycle/node-host.js';
import { runDaemon } from './lifecycle/run-daemon.js';

process.exit(await runDaemon(nodeHost(), createPipeline));
