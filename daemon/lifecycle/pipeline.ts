import type { Readiness } from '../../src/protocol/launch.js';
import type { EventBody } from '../../src/protocol/messages.js';
import type { Place } from '../../src/protocol/paths.js';
import type { Handlers } from '../server/answerer.js';
import type { Log } from './log.js';
import type { DaemonSettings } from './settings.js';
import type { Part } from './supervisor.js';

/** What the daemon's life offers to what it lives for. */
export interface PipelineContext {
  place: Place;
  settings: DaemonSettings;
  log: Log;
  version: string;
  startedAt: Date;
  env: Readonly<Record<string, string | undefined>>;
  /** Sends an event to the live clients that asked for events. */
  publish(event: EventBody): void;
  /** Events that nobody receives need not be made. */
  hasSubscribers(): boolean;
  /** Ends the daemon in order, with a failure. */
  fail(because: string, error: unknown): void;
}

/** What a daemon does between start and stop. */
export interface Pipeline {
  /** Started in this order, stopped in the reverse one. */
  parts: readonly Part[];
  /** Used once all parts are started. */
  handlers: Handlers;
  /** Asked once, when all parts are started. */
  readiness(): Readiness;
}

export type CreatePipeline = (context: PipelineContext) => Pipeline;
