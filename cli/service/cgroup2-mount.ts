/**
 * Where cgroup2 is mounted, the first of several; `undefined` where it is not.
 * @param mountInfo text of /proc/self/mountinfo (proc_pid_mountinfo(5)), with octal escapes in its paths
 */
export function cgroup2Mount(mountInfo: string): string | undefined {
  for (const line of mountInfo.split('\n')) {
    const [mount = '', fileSystem = ''] = line.split(' - ');
    if (!fileSystem.startsWith('cgroup2 ')) continue;
    const path = mount.split(' ')[4];
    return path?.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
  }
  return undefined;
}
