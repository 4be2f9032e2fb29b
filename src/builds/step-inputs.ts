import { runTextOf } from './run-text.js';
import type { Execution } from './types.js';

/** Put before the arguments of a step that runs under emulation (executor of moby/buildkit). */
const EMULATOR = '/dev/.buildkit_qemu_emulator';
/** Mounts that bring nothing that the step's result depends on. */
const WITHOUT_INPUT = ['cache', 'tmpfs', 'secret', 'ssh'];

/** The command of a process as its instruction has it, variables unexpanded. */
export function commandOf({ args }: Pick<Execution, 'args'>): string | undefined {
  const words = args[0] === EMULATOR ? args.slice(1) : args;
  if (words.length === 0) return undefined;
  const isShell = words.length === 3 && /^-[a-z]*c$/.test(words[1]!);
  return isShell ? words[2] : words.join(' ');
}

/**
 * BuildKit's record of the layer that a process ran on, where that is all its inputs: an instruction that binds
 * files of other stages or of the context has more.
 */
export function inputLayerOf(execution: Execution, instruction: string): string | undefined {
  const flags = runTextOf(instruction, execution)?.flags ?? [];
  const hasMore = flags.some((flag) => flag.startsWith('mount=') && !WITHOUT_INPUT.includes(mountType(flag)));
  return hasMore ? undefined : execution.lineage?.[0]?.id;
}

function mountType(flag: string): string {
  const fields = flag.slice('mount='.length).split(',');
  return fields.find((field) => field.startsWith('type='))?.slice('type='.length) ?? 'bind';
}
