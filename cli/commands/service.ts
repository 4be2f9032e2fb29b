import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { NetmeterError } from '../../src/errors.js';
import { SCHEMA } from '../../src/protocol/documents.js';
import { placesOf } from '../ask.js';
import { lockHolder } from '../client/lock-holder.js';
import type { Command, GlobalOptions } from '../command.js';
import type { Io } from '../io.js';
import { daemonArguments } from '../launch/daemon-arguments.js';
import { cgroup2Mount } from '../service/cgroup2-mount.js';
import { serviceClients } from '../service/client-group.js';
import { installService, removeService, type ServiceOutcome, SYSTEM_SERVICE } from '../service/install.js';
import { UNIT_NAME, unitText } from '../service/unit.js';

interface ServiceOptions extends GlobalOptions {
  unitDir: string;
  print?: boolean;
}

/** As the unit's StateDirectory= and RuntimeDirectory=. */
const MADE_BY_SYSTEMD = ['/var/lib/netmeter', '/run/netmeter'];

const unitDir = {
  flags: '--unit-dir <dir>',
  description: 'where units are',
  default: SYSTEM_SERVICE.unitDir,
};

export const serviceInstall: Command<ServiceOptions> = {
  name: 'service install',
  summary: 'have systemd run the daemon, with as few capabilities as it needs',
  options: [unitDir, { flags: '--print', description: 'print the unit and install nothing' }],
  async run({ io, options }) {
    const text = serviceUnit(io, options);
    if (options.print) {
      io.stdout.write(text);
      return 0;
    }
    refuseSecond(io, options);
    const outcome = await installService(text, locationOf(options));
    const rest = outcome.managed
      ? `and ${UNIT_NAME} runs, now and from the next boot on.`
      : `but systemd does not run here: start it with systemctl enable --now ${UNIT_NAME} where it does.`;
    return tell(io, options, outcome, `Wrote ${outcome.path}, ${rest}\n`);
  },
};

export const serviceRemove: Command<ServiceOptions> = {
  name: 'service remove',
  summary: 'stop the service and remove it from systemd',
  options: [unitDir],
  async run({ io, options }) {
    const outcome = await removeService(locationOf(options));
    return tell(io, options, outcome, `Removed ${outcome.path}. What it has metered is still there.\n`);
  },
};

function locationOf({ unitDir: dir }: ServiceOptions) {
  // Units elsewhere are for another system: this one's manager knows nothing of them.
  const managerDir = dir === SYSTEM_SERVICE.unitDir ? SYSTEM_SERVICE.managerDir : `${dir}/no-manager`;
  return { unitDir: dir, managerDir };
}

function serviceUnit(io: Io, options: ServiceOptions): string {
  // The service is root's, whoever prints its unit.
  const [place] = placesOf({ ...io, uid: 0 }, options);
  const { clientGroup, args } = serviceClients(readFileSync('/etc/group', 'utf8'), io.env);
  const { nodeArgs, main } = io.daemonProgram;
  const settings = daemonArguments({ place, dockerHost: options.dockerHost }, {}, 0);
  const command = [process.execPath, ...nodeArgs, main, ...settings, ...args, '--foreground'];
  const given = [place.stateDir, dirname(place.socket)];
  const writable = new Set(given.filter((dir) => !MADE_BY_SYSTEMD.includes(dir)));
  const cgroupRoot = cgroup2Mount(readFileSync('/proc/self/mountinfo', 'utf8'));
  return unitText({ command, clientGroup, cgroupRoot, writable: [...writable] });
}

/** Two daemons cannot share a place: systemd would try in vain. */
function refuseSecond(io: Io, options: ServiceOptions): void {
  const [place] = placesOf({ ...io, uid: 0 }, options);
  const pid = lockHolder(place);
  if (pid === undefined || readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(UNIT_NAME)) return;
  throw new NetmeterError(
    'daemon-already-running',
    `netmeter runs already (pid ${pid}), and not as a service`,
    {
      hint: 'Stop it first: sudo netmeter stop',
    },
  );
}

function tell(io: Io, options: ServiceOptions, outcome: ServiceOutcome, text: string): number {
  io.stdout.write(options.json ? `${JSON.stringify({ schema: SCHEMA, ...outcome })}\n` : text);
  return 0;
}
