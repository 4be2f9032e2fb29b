import { NetmeterError } from '../../../src/errors.js';
import { isErrno } from '../../sys/system-error.js';

/** Turns the errors of the first calls of bpf(2) into what they mean for the person who started netmeter. */
export function explainRefusal(error: unknown): unknown {
  if (isErrno(error, 'ENOSYS')) {
    return new NetmeterError('bpf-unavailable', 'this kernel was built without bpf(2)', {
      hint: 'a kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF is needed',
      cause: error,
    });
  }
  if (error instanceof NetmeterError && error.code === 'permission-denied') {
    return new NetmeterError('permission-denied', 'the kernel does not let this process load BPF programs', {
      hint: 'run it as root (sudo), or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; containers may forbid it',
      cause: error,
    });
  }
  return error;
}
