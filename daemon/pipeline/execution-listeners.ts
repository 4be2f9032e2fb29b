import type { ExecutionListener } from '../observe/executor/executor-watch.js';

/** Tells each of them what the executor does, in their order. */
export function toAll(...listeners: ExecutionListener[]): ExecutionListener {
  return {
    seen: (execution) => {
      for (const listener of listeners) listener.seen(execution);
    },
    gone: (execution) => {
      for (const listener of listeners) listener.gone(execution);
    },
    missed: (id, at) => {
      for (const listener of listeners) listener.missed(id, at);
    },
  };
}
