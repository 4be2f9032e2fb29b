import { NetmeterError } from '../../src/errors.js';
import type { Place } from '../../src/protocol/paths.js';
import { toWireError } from '../../src/protocol/wire-error.js';
import { Answerer } from '../server/answerer.js';
import { RequestServer } from '../server/request-server.js';
import type { ClientFiles } from './client-group.js';
import type { DaemonHost } from './host.js';
import type { LaunchReporter } from './launch-reporter.js';
import type { Log } from './log.js';
import type { LogFile } from './log-file.js';
import { readLog } from './log-reader.js';
import type { CreatePipeline, Pipeline } from './pipeline.js';
import { SdNotify } from './sd-notify.js';
import type { DaemonSettings } from './settings.js';
import { Shutdown } from './shutdown.js';
import { handleSignals } from './signals.js';
import { Supervisor } from './supervisor.js';

export interface Life {
  host: DaemonHost;
  settings: DaemonSettings;
  place: Place;
  files: ClientFiles;
  log: Log;
  logFile: LogFile;
  reporter: LaunchReporter;
  createPipeline: CreatePipeline;
}

/**
 * From a held lock to the last answer. The socket is there first and goes last: requests that come early
 * wait, and `stop` is answered when everything else is stopped.
 *
 * @returns the exit code
 * @throws what kept the daemon from starting, after stopping what had been started
 */
export async function liveAndDie(life: Life): Promise<number> {
  const { host, log, place, reporter } = life;
  const shutdown = new Shutdown(log);
  const supervisor = new Supervisor(log);
  const notify = sdNotify(host);
  const unhandle = handleSignals(host.signals, {
    stop: (signal) => void shutdown.request(signal),
    exitNow: (code) => {
      log.warn('told to stop twice: ending at once');
      host.exitNow(code);
    },
    reopenLog: () => reopen(life),
    fail: (error) => void shutdown.request('an error that nobody caught', error),
  });
  const answerer = makeAnswerer(life, shutdown);
  const startedAt = new Date(host.now());
  const server = makeServer(life, answerer, startedAt);
  log.info(`netmeter ${host.version} starts, pid ${host.pid}, state in ${place.stateDir}`);
  let failure: unknown;
  try {
    await server.start();
    log.debug(`${server.name} started`);
    const pipeline = makePipeline(life, server, shutdown, startedAt);
    await supervisor.start(pipeline.parts, shutdown.signal);
    const ready = pipeline.readiness();
    answerer.admit(pipeline.handlers);
    reporter.report({ ok: true, pid: host.pid, version: host.version, ready });
    notify.ready(`meters (${ready.tiers.meter ?? 'no tier'})`);
    log.info(`meters, tier ${ready.tiers.meter ?? 'none'}, listens on ${place.socket}`);
    for (const warning of ready.warnings) log.warn(`${warning.message} (${warning.code})`);
    await shutdown.requested;
  } catch (error) {
    failure = whyNotStarted(error, shutdown.signal);
    reporter.report({ ok: false, error: toWireError(failure), runningPid: null });
    void shutdown.request('it could not start', failure);
  }
  notify.stopping();
  answerer.close(new NetmeterError('daemon-not-running', 'the daemon is stopping'));
  const problems = await supervisor.stop();
  shutdown.done(problems);
  await server.stop();
  notify.stop();
  unhandle();
  log.info('stopped');
  life.logFile.close();
  if (failure !== undefined) throw failure;
  return shutdown.failed || problems.length > 0 ? 1 : 0;
}

function sdNotify({ env, pid }: DaemonHost): SdNotify {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUsec, WATCHDOG_PID: watchdogPid } = env;
  return new SdNotify({ socket, watchdogUsec, watchdogPid, pid });
}

function makeAnswerer({ host, log, place }: Life, shutdown: Shutdown): Answerer {
  return new Answerer(
    {
      stop: async (_, { peer }) => {
        const problems = await shutdown.request(`asked to by user ${peer.uid}, pid ${peer.pid}`);
        return { pid: host.pid, problems };
      },
      logs: (query) => readLog(place.logFile, query),
      subscribe: (_, { subscribe }) => {
        if (subscribe === undefined) {
          throw new NetmeterError('usage', 'events are for WebSockets: open one at /live');
        }
        subscribe();
        return {};
      },
    },
    host.version,
    (error, type) => log.error(`the request "${type}" failed`, error),
  );
}

function makeServer(
  { host, place, files, settings }: Life,
  answerer: Answerer,
  startedAt: Date,
): RequestServer {
  return new RequestServer({
    socketPath: place.socket,
    mode: files.socketMode,
    gid: files.gid,
    daemonUid: host.uid,
    access: files.access,
    answerer,
    hello: {
      event: 'hello',
      daemonVersion: host.version,
      startedAt: startedAt.toISOString(),
      tickMs: settings.tickMs,
    },
    monotonicMs: host.monotonicMs,
  });
}

function makePipeline(life: Life, server: RequestServer, shutdown: Shutdown, startedAt: Date): Pipeline {
  const { host, place, settings, log } = life;
  return life.createPipeline({
    place,
    settings,
    log,
    version: host.version,
    startedAt,
    env: host.env,
    publish: (event) => server.publish(event),
    hasSubscribers: () => server.hasSubscribers,
    fail: (because, error) => void shutdown.request(because, error),
  });
}

function reopen({ log, logFile }: Life): void {
  try {
    logFile.open();
    log.info('the log was opened anew');
  } catch (error) {
    log.warn('the log cannot be opened anew', error);
  }
}

function whyNotStarted(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || error !== signal.reason) return error;
  return new NetmeterError('daemon-start-failed', signal.reason.message);
}
