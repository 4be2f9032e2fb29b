import { readFileSync } from 'node:fs';
import { exitCodeOf, NetmeterError } from '../../src/errors.js';
import { type Place, resolvePlaces } from '../../src/protocol/paths.js';
import { toWireError } from '../../src/protocol/wire-error.js';
import { type ClientFiles, clientFiles, mayGiveTo, netmeterGroup } from './client-group.js';
import type { DaemonHost } from './host.js';
import { InstanceLock } from './instance-lock.js';
import { LaunchReporter } from './launch-reporter.js';
import { liveAndDie } from './live-and-die.js';
import { Log } from './log.js';
import { LogFile } from './log-file.js';
import type { CreatePipeline } from './pipeline.js';
import { type DaemonSettings, parseSettings } from './settings.js';
import { prepareStateDir, stateDirError } from './state-dir.js';

const LOG_MAX_BYTES = 4_194_304;

/**
 * Runs the daemon until it is told to stop. Resolves with the exit code and never rejects; what went wrong
 * is in the log, on standard error in the foreground, and with whoever waits for the LaunchReport.
 */
export async function runDaemon(host: DaemonHost, createPipeline: CreatePipeline): Promise<number> {
  let reporter = new LaunchReporter(undefined);
  const lock: { held?: InstanceLock } = {};
  try {
    const settings = parseSettings(host.argv);
    reporter = new LaunchReporter(settings.reportFd);
    const [place] = resolvePlaces({ ...host, stateDir: settings.stateDir, socket: settings.socket });
    const files = filesFor(host, settings);
    prepareStateDir(place.stateDir, files.gid);
    lock.held = takeLock(place, host.pid, reporter);
    const { log, logFile } = openLog(place, files, settings, host);
    return await liveAndDie({ host, settings, place, files, log, logFile, reporter, createPipeline });
  } catch (error) {
    reporter.report({ ok: false, error: toWireError(error), runningPid: null });
    host.stderr.write(`netmeter: ${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodeOf(error);
  } finally {
    lock.held?.release();
  }
}

function filesFor(host: DaemonHost, settings: DaemonSettings): ClientFiles {
  const files = clientFiles(host.uid, settings.invokingUser, netmeterGroup('/etc/group'));
  if (files.gid === undefined) return files;
  const status = readFileSync('/proc/self/status', 'utf8');
  return mayGiveTo(files.gid, host.groups, status) ? files : { ...files, gid: undefined };
}

function takeLock(place: Place, pid: number, reporter: LaunchReporter): InstanceLock {
  const lock = new InstanceLock(place.pidFile);
  let result: ReturnType<InstanceLock['take']>;
  try {
    result = lock.take(pid);
  } catch (error) {
    throw stateDirError(place.stateDir, error);
  }
  if (result.taken) return lock;
  const error = new NetmeterError(
    'daemon-already-running',
    `netmeter runs already (pid ${result.pid ?? 'unknown'}) with the state directory ${place.stateDir}`,
    { hint: 'Stop it with netmeter stop, or choose another directory with --state-dir.' },
  );
  reporter.report({ ok: false, error: toWireError(error), runningPid: result.pid ?? null });
  throw error;
}

function openLog(
  place: Place,
  files: ClientFiles,
  settings: DaemonSettings,
  host: DaemonHost,
): { log: Log; logFile: LogFile } {
  const { foreground, verbose } = settings;
  const { gid, logMode } = files;
  const logFile = new LogFile({
    path: place.logFile,
    mode: logMode,
    gid: logMode === 0o640 ? gid : undefined,
    maxBytes: LOG_MAX_BYTES,
    takeStdio: !foreground,
  });
  try {
    logFile.open();
  } catch (error) {
    throw stateDirError(place.stateDir, error);
  }
  const sinks = foreground ? [logFile, host.stderr] : [logFile];
  return { log: new Log({ sinks, level: verbose ? 'debug' : 'info', now: host.now }), logFile };
}
