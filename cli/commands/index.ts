/** All commands, in the order in which help lists them. One file each. */
import type { Command } from '../command.js';
import { buildShow } from './build-show.js';
import { builds } from './builds.js';
import { doctor } from './doctor.js';
import { logs } from './logs.js';
import { pcap } from './pcap.js';
import { report } from './report.js';
import { run } from './run.js';
import { serviceInstall, serviceRemove } from './service.js';
import { start } from './start.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { top } from './top.js';

export const commands: readonly Command[] = [
  start,
  stop,
  status,
  logs,
  doctor,
  top,
  builds,
  buildShow,
  run,
  report,
  pcap,
  serviceInstall,
  serviceRemove,
] as Command[];
