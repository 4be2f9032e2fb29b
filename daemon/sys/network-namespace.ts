import { closeSync, openSync } from 'node:fs';
import { syscall } from './syscall.js';

const CLONE_NEWNET = 0x40000000;

/**
 * Runs `work` with the main thread in another network namespace, and comes back. `work` must be
 * synchronous: what it starts and does not finish runs in the caller's namespace. Sockets it opens stay in
 * the other one. Needs CAP_SYS_ADMIN.
 *
 * @param path a namespace file, such as `/proc/<pid>/ns/net` or `/run/netns/<name>`
 */
export function inNetworkNamespace<T>(path: string, work: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const target = openSync(path, 'r');
    try {
      syscall('setns', path, target, CLONE_NEWNET);
    } finally {
      closeSync(target);
    }
    try {
      return work();
    } finally {
      syscall('setns', 'the namespace it came from', home, CLONE_NEWNET);
    }
  } finally {
    closeSync(home);
  }
}
