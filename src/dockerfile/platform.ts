/** Go's names of architectures, by Node's and by the kernel's. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  ia32: '386',
};

/**
 * The arguments that BuildKit sets by itself: `TARGETARCH`, `BUILDPLATFORM` and so on.
 * @param platform that is built for, `linux/arm64`; undefined for the machine's own
 * @param machine its architecture, as Node or the kernel calls it
 */
export function platformArguments(platform: string | undefined, machine: string): Record<string, string> {
  const native = `linux/${ARCHITECTURES[machine] ?? machine}`;
  return { ...parts('BUILD', native), ...parts('TARGET', platform ?? native) };
}

function parts(prefix: string, platform: string): Record<string, string> {
  const [os = 'linux', architecture = '', variant = ''] = platform.split('/');
  return {
    [`${prefix}PLATFORM`]: platform,
    [`${prefix}OS`]: os,
    [`${prefix}ARCH`]: architecture,
    [`${prefix}VARIANT`]: variant,
  };
}
