/** Well-known package proxies: how their images and programs are called, and where they listen. */

export interface ProxyKind {
  /** Name of the kind: `apt-cacher-ng`. */
  key: string;
  /** Ports that they listen on as they are delivered, by their documentation. */
  ports: readonly number[];
  /** Words of an image's name, in this order: `squid` is in `ubuntu/squid:6.6`. */
  image: RegExp;
  /** Name of the program: its own as the kernel has it, or one that its command line begins with. */
  program: RegExp | undefined;
  /** Only those that are told to be one: a plain registry is where images are pushed, too. */
  onlyAsMirror?: boolean;
}

export const proxyKinds: readonly ProxyKind[] = [
  kind('apt-cacher-ng', [3142], 'apt-cacher(?:-ng)?', 'apt-cacher-ng'),
  kind('docker-registry-proxy', [3128], 'docker-registry-proxy'),
  kind('squid', [3128], 'squid', 'squid'),
  kind('verdaccio', [4873], 'verdaccio', 'verdaccio'),
  kind('devpi', [3141], 'devpi', 'devpi-server'),
  kind('proxpi', [5000], 'proxpi', 'proxpi-server'),
  kind('pypicloud', [8080], 'pypicloud', 'pypicloud'),
  kind('nexus', [8081], 'nexus3?', undefined),
  kind('artifactory', [8081, 8082], 'artifactory', undefined),
  kind('athens', [3000], 'athens', 'athens(?:-proxy)?'),
  kind('goproxy', [8081], 'goproxy', 'goproxy'),
  { ...kind('registry', [5000], 'registry|distribution', 'docker-registry|registry'), onlyAsMirror: true },
];

/** Companions of a proxy that are named after it and are none. */
const COMPANION = /(?:^|[-_.])(?:exporter|metrics|ui|web|client|cli|operator|browser|backup)(?:$|[-_.])/;

/** The kind of proxy that an image is by its name, whoever built it. @param image as the user wrote it */
export function kindOfImage(image: string): ProxyKind | undefined {
  const repository = image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  const name = repository.slice(repository.lastIndexOf('/') + 1).toLowerCase();
  if (COMPANION.test(name)) return undefined;
  return proxyKinds.find((each) => each.image.test(name));
}

/**
 * The kind of proxy that a process is.
 * @param comm its name as the kernel has it: 15 bytes at most
 * @param args its command line; scripts name themselves behind their interpreter
 */
export function kindOfProgram(comm: string, args: readonly string[]): ProxyKind | undefined {
  const names = [comm, ...args.slice(0, 3).map((word) => word.slice(word.lastIndexOf('/') + 1))];
  return proxyKinds.find(({ program }) => names.some((name) => program?.test(name)));
}

function kind(key: string, ports: number[], image: string, program?: string): ProxyKind {
  return {
    key,
    ports,
    image: new RegExp(`(?:^|[-_.])(?:${image})(?:$|[-_.])`),
    program: program === undefined ? undefined : new RegExp(`^(?:${program})$`),
  };
}
