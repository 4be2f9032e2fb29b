/** Puts together what the daemon does: meter, observe, store, answer. */
import type { Pipeline, PipelineContext } from './lifecycle/pipeline.js';

export function createPipeline(_context: PipelineContext): Pipeline {
  return {
    parts: [],
    handlers: {},
    readiness: () => ({ tiers: { meter: null, builds: null, links: null }, sources: [], warnings: [] }),
  };
}
