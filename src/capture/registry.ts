/** Which package or image registry a host name belongs to. */

export interface Registry {
  name: string;
  kind: 'packages' | 'images';
}

/** Host names that each registry's own clients fetch from by default; a name below one counts, too. */
const REGISTRIES: readonly [name: string, kind: Registry['kind'], hosts: string[]][] = [
  ['PyPI', 'packages', ['pypi.org', 'pythonhosted.org', 'pypi.python.org']],
  ['conda', 'packages', ['conda.anaconda.org', 'repo.anaconda.com']],
  ['npm', 'packages', ['registry.npmjs.org', 'registry.npmjs.com']],
  ['Yarn', 'packages', ['registry.yarnpkg.com', 'repo.yarnpkg.com']],
  ['Debian', 'packages', ['deb.debian.org', 'security.debian.org', 'ftp.debian.org', 'snapshot.debian.org']],
  [
    'Ubuntu',
    'packages',
    ['archive.ubuntu.com', 'security.ubuntu.com', 'ports.ubuntu.com', 'launchpadcontent.net'],
  ],
  ['Alpine', 'packages', ['dl-cdn.alpinelinux.org']],
  ['Fedora', 'packages', ['dl.fedoraproject.org', 'mirrors.fedoraproject.org']],
  ['crates.io', 'packages', ['crates.io']],
  ['Go', 'packages', ['proxy.golang.org', 'sum.golang.org']],
  ['RubyGems', 'packages', ['rubygems.org']],
  ['Maven Central', 'packages', ['repo.maven.apache.org', 'repo1.maven.org']],
  ['NuGet', 'packages', ['api.nuget.org']],
  ['Packagist', 'packages', ['packagist.org']],
  [
    'Docker Hub',
    'images',
    [
      'docker.io',
      'production.cloudflare.docker.com',
      'docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com',
    ],
  ],
  ['ghcr', 'images', ['ghcr.io', 'pkg-containers.githubusercontent.com']],
  ['Quay', 'images', ['quay.io']],
  ['GCR', 'images', ['gcr.io', 'pkg.dev']],
  ['ECR', 'images', ['public.ecr.aws']],
  ['MCR', 'images', ['mcr.microsoft.com', 'data.mcr.microsoft.com']],
  ['GitLab', 'images', ['registry.gitlab.com']],
  ['registry.k8s.io', 'images', ['registry.k8s.io']],
];

const BY_HOST = new Map<string, Registry>(
  REGISTRIES.flatMap(([name, kind, hosts]) => hosts.map((host) => [host, { name, kind }] as const)),
);

/** The registry that `host`, or a domain above it, belongs to. */
export function registryOf(host: string): Registry | undefined {
  let domain = host.toLowerCase();
  while (domain !== '') {
    const found = BY_HOST.get(domain);
    if (found !== undefined) return found;
    const dot = domain.indexOf('.');
    if (dot < 0) return undefined;
    domain = domain.slice(dot + 1);
  }
  return undefined;
}
