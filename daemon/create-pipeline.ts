/** Puts together what the daemon does: meter, observe, store, answer. */
import type { Pipeline, PipelineContext } from './lifecycle/pipeline.js';
import { systemClock } from './pipeline/clock.js';
import { NetmeterDaemon } from './pipeline/netmeter-daemon.js';

export function createPipeline(context: PipelineContext): Pipeline {
  const daemon = new NetmeterDaemon(context, systemClock);
  return { parts: daemon.parts, handlers: daemon.handlers, readiness: () => daemon.readiness() };
}
