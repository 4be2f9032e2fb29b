import type { BuildStatus, StepStatus } from './types.js';

/** gRPC's code for a call that its caller took back (google.rpc.Code). */
const GRPC_CANCELED = 1;
/** How Go's errors end where somebody stopped the work; a command's own words come earlier in the text. */
const CANCELED = /(?:^|: )context canceled$/;

/** Whether an error says that the work was stopped, by Ctrl-C or by the failure of another step. */
export function saysCanceled(error: string): boolean {
  return CANCELED.test(error);
}

/** @param error of the history record; undefined when it succeeded */
export function buildStatus(error: { code: number; message: string } | undefined): BuildStatus {
  if (error === undefined) return 'completed';
  return error.code === GRPC_CANCELED || saysCanceled(error.message) ? 'canceled' : 'failed';
}

export interface StepFacts {
  error: string | undefined;
  cached: boolean;
  started: boolean;
  /** Its last bout has ended. */
  completed: boolean;
}

/** @param build whether its build runs, and how it ended if not */
export function stepStatus(step: StepFacts, build: BuildStatus): StepStatus {
  if (step.error !== undefined) {
    if (!saysCanceled(step.error)) return 'failed';
    // What a successful build stopped, it had from elsewhere, such as the same copy for another platform.
    return build === 'completed' ? 'cached' : 'canceled';
  }
  if (step.completed) return step.cached ? 'cached' : 'done';
  if (build === 'running') return step.started ? 'running' : 'pending';
  // What a successful build never ran, it did not need: a later result was there.
  if (build === 'completed') return step.started ? 'done' : 'cached';
  return 'canceled';
}
