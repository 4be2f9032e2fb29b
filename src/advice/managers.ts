/** Package managers by the commands that make them download, and where each keeps what it fetched. */

export interface Place {
  /** Of the user that the step runs as. */
  home: string;
  image: string;
  variables: ReadonlyMap<string, string>;
}

export interface Manager {
  name: string;
  command: RegExp;
  /** Targets of its cache mounts. */
  targets(place: Place): string[];
  /** For managers that refuse to run twice at once on one cache. */
  sharing?: 'locked';
  /** A line that has to come before for the cache to be used, unless something like it is there. */
  prepare?: { line: string; unless: RegExp };
  /** Words in its commands that keep it from using a cache at all. */
  defeats?: RegExp;
  /** Files that decide what it installs. */
  manifests: string[];
}

/** As docker.com's own documentation has it for images of Debian and Ubuntu, which remove packages once installed. */
export const KEEP_DEBS =
  'RUN rm -f /etc/apt/apt.conf.d/docker-clean; echo \'Binary::apt::APT::Keep-Downloaded-Packages "true";\' > /etc/apt/apt.conf.d/keep-cache';

const VERSION = '[\\d.]*';

export const managers: readonly Manager[] = [
  {
    name: 'apt',
    command: called('(?:apt-get|apt|aptitude)', '(?:install|update|upgrade|dist-upgrade|build-dep|download)'),
    targets: () => ['/var/cache/apt', '/var/lib/apt'],
    sharing: 'locked',
    prepare: { line: KEEP_DEBS, unless: /docker-clean|Keep-Downloaded-Packages/ },
    manifests: [],
  },
  {
    name: 'apk',
    command: called('apk', '(?:add|upgrade|update|fetch)'),
    targets: () => ['/etc/apk/cache'],
    sharing: 'locked',
    defeats: /(?<=\s)--no-cache(?=\s|$)/g,
    manifests: [],
  },
  {
    name: 'dnf',
    command: called('(?:dnf5?|microdnf|yum)', '(?:install|update|upgrade|groupinstall|builddep|makecache)'),
    targets: () => ['/var/cache/dnf', '/var/cache/libdnf5'],
    sharing: 'locked',
    prepare: { line: 'RUN echo keepcache=True >> /etc/dnf/dnf.conf', unless: /keepcache/ },
    manifests: [],
  },
  {
    name: 'poetry',
    command: called('poetry', '(?:install|sync|add|update|lock)'),
    // Not the folder above: poetry keeps the project's virtual environment in there, too.
    targets: ({ home }) => [`${home}/.cache/pypoetry/cache`, `${home}/.cache/pypoetry/artifacts`],
    defeats: /(?<=\s)--no-cache(?=\s|$)/g,
    manifests: ['pyproject.toml', 'poetry.lock'],
  },
  {
    name: 'uv',
    command: called('uvx?', '(?:sync|pip|add|tool|run|lock|--with|[a-z])'),
    targets: ({ home, variables }) => [variables.get('UV_CACHE_DIR') ?? `${home}/.cache/uv`],
    prepare: { line: 'ENV UV_LINK_MODE=copy', unless: /UV_LINK_MODE/ },
    defeats: /(?<=\s)(?:--no-cache|-n)(?=\s|$)/g,
    manifests: ['pyproject.toml', 'uv.lock'],
  },
  {
    name: 'pip',
    command: called(`(?:pip${VERSION}|python${VERSION} -m pip)`, '(?:install|download|wheel)'),
    targets: ({ home, variables }) => [variables.get('PIP_CACHE_DIR') ?? `${home}/.cache/pip`],
    defeats: /(?<=\s)--no-cache-dir(?=\s|$)/g,
    manifests: ['requirements.txt'],
  },
  {
    name: 'npm',
    command: called('npm', '(?:ci|install|i|add|update|exec)'),
    targets: ({ home, variables }) => [variables.get('npm_config_cache') ?? `${home}/.npm`],
    manifests: ['package.json', 'package-lock.json'],
  },
  {
    name: 'pnpm',
    command: called('pnpm', '(?:install|i|add|fetch|update|deploy)'),
    targets: ({ home, variables }) => [`${variables.get('PNPM_HOME') ?? `${home}/.local/share/pnpm`}/store`],
    manifests: ['package.json', 'pnpm-lock.yaml'],
  },
  {
    name: 'yarn',
    command: /(?:^|[\s;&|(])yarn(?:\s+(?:install|add|up)|\s+--\S+|\s*(?:$|[;&|)\n]))/m,
    targets: ({ home, variables }) => [
      variables.get('YARN_CACHE_FOLDER') ??
        (home === '/root' ? '/usr/local/share/.cache/yarn' : `${home}/.cache/yarn`),
    ],
    manifests: ['package.json', 'yarn.lock'],
  },
  {
    name: 'go',
    command: called('go', '(?:build|install|get|test|run|generate|vet|mod (?:download|tidy|vendor))'),
    targets: ({ home, variables }) => [
      variables.get('GOMODCACHE') ?? `${variables.get('GOPATH') ?? '/go'}/pkg/mod`,
      variables.get('GOCACHE') ?? `${home}/.cache/go-build`,
    ],
    manifests: ['go.mod', 'go.sum'],
  },
  {
    name: 'cargo',
    command: called('cargo', '(?:[a-z]+ )?(?:build|install|fetch|check|test|run|chef|update)'),
    targets: ({ home, image, variables }) => {
      const known = variables.get('CARGO_HOME');
      const cargo = known ?? (isImage(image, 'rust') ? '/usr/local/cargo' : `${home}/.cargo`);
      return [`${cargo}/registry`, `${cargo}/git/db`];
    },
    manifests: ['Cargo.toml', 'Cargo.lock'],
  },
  {
    name: 'maven',
    command: called('(?:mvnw?)', '[-a-z]'),
    targets: ({ home }) => [`${home}/.m2`],
    manifests: ['pom.xml'],
  },
  {
    name: 'gradle',
    command: called('gradlew?', '[-:a-z]'),
    targets: ({ home, image, variables }) => [
      variables.get('GRADLE_USER_HOME') ??
        `${isImage(image, 'gradle') && home === '/root' ? '/home/gradle' : home}/.gradle`,
    ],
    manifests: ['build.gradle', 'build.gradle.kts', 'settings.gradle', 'settings.gradle.kts'],
  },
  {
    name: 'composer',
    command: called('composer', '(?:install|update|require|create-project)'),
    targets: ({ variables }) => [variables.get('COMPOSER_CACHE_DIR') ?? '/var/cache/composer'],
    prepare: { line: 'ENV COMPOSER_CACHE_DIR=/var/cache/composer', unless: /COMPOSER_CACHE_DIR/ },
    defeats: /(?<=\s)--no-cache(?=\s|$)/g,
    manifests: ['composer.json', 'composer.lock'],
  },
  {
    name: 'gem',
    command: called('(?:gem|bundle|bundler)', 'install'),
    targets: ({ variables, image, home }) => {
      const known = variables.get('BUNDLE_PATH') ?? variables.get('GEM_HOME');
      return [`${known ?? (isImage(image, 'ruby') ? '/usr/local/bundle' : `${home}/.gem`)}/cache`];
    },
    manifests: ['Gemfile', 'Gemfile.lock'],
  },
  {
    name: 'nuget',
    command: called('(?:dotnet|nuget)', '(?:restore|build|publish|test|tool|add)'),
    targets: ({ home, variables }) => [variables.get('NUGET_PACKAGES') ?? `${home}/.nuget/packages`],
    manifests: ['packages.lock.json'],
  },
];

/** The program at the beginning of a command, options, then one of its verbs. */
function called(program: string, verbs: string): RegExp {
  return new RegExp(`(?:^|[\\s;&|(/])${program}(?:\\s+-\\S+){0,8}\\s+${verbs}`, 'm');
}

/** `rust:1.84`, `docker.io/library/rust@sha256:…` */
function isImage(reference: string, name: string): boolean {
  return (
    reference
      .replace(/[:@].*$/, '')
      .split('/')
      .at(-1) === name
  );
}
