/** Which package a URL fetches, by the file names that package managers use; undefined for indexes and the like. */

type Pattern = [
  ends: readonly string[],
  part: string,
  pattern: RegExp,
  nameOf: (match: RegExpExecArray) => string,
];

/** How a path has to end, and what has to be in it: told before the pattern is tried, which costs far more. */
const PATTERNS: readonly Pattern[] = [
  // npm: /@scope/name/-/name-1.2.3.tgz, before plain archives.
  [
    ['.tgz'],
    '/-/',
    /\/((?:@[^/]+\/)?[^/@]+)\/-\/[^/]*?-(\d[^/]*)\.tgz$/,
    ([, name, version]) => `${name} ${version}`,
  ],
  // Debian: name_version_arch.deb, a colon in the version as %3a.
  [
    ['.deb', '.udeb', '.ddeb'],
    '_',
    /\/([^/_]+)_([^/_]+)_[^/_]+\.(?:u?deb|ddeb)$/,
    ([, name, version]) => `${name} ${version}`,
  ],
  // RPM: name-version-release.arch.rpm.
  [['rpm'], '.', /\/([^/]+)-([^/-]+-[^/-]+)\.[^/.]+\.d?rpm$/, ([, name, version]) => `${name} ${version}`],
  // Alpine: name-version-r1.apk.
  [['.apk'], '-r', /\/([^/]+)-(\d[^/-]*-r\d+)\.apk$/, ([, name, version]) => `${name} ${version}`],
  // Python wheels: name-version(-build)?-python-abi-platform.whl.
  [
    ['.whl'],
    '-',
    /\/([^/-]+)-([^/-]+)(?:-\d[^/-]*)?-[^/-]+-[^/-]+-[^/-]+\.whl$/,
    ([, name, version]) => `${name} ${version}`,
  ],
  // Go modules: /name/@v/v1.2.3.zip.
  [
    ['.zip', '.mod', '.info'],
    '/@v/',
    /\/([^?]+)\/@v\/(v[^/]+)\.(?:zip|mod|info)$/,
    ([, name, version]) => `${name} ${version}`,
  ],
  // Images: /v2/name/blobs/sha256:… and manifests.
  [[''], '/v2/', /\/v2\/(.+)\/(?:blobs|manifests)\/[^/]+$/, ([, name]) => `image ${name}`],
  // Java: /artifact/version/artifact-version.jar.
  [
    ['.jar', '.pom', '.aar', '.war'],
    '-',
    /\/([^/]+)\/([^/]+)\/\1-\2[^/]*\.(?:jar|pom|aar|war)$/,
    ([, name, version]) => `${name} ${version}`,
  ],
  // Rust: /crates/name/name-1.2.3.crate, /crates/name/1.2.3/download.
  [
    ['/download'],
    '/crates/',
    /\/crates\/([^/]+)\/(\d[^/]*)\/download$/,
    ([, name, version]) => `${name} ${version}`,
  ],
  [
    ['.crate', '.gem'],
    '-',
    /\/([^/]+)-(\d[^/]*)\.(?:crate|gem)$/,
    ([, name, version]) => `${name} ${version}`,
  ],
  // Python source archives.
  [
    ['.tar.gz', '.tar.bz2', '.tar.xz', '.zip', '.tgz'],
    '-',
    /\/([A-Za-z0-9][^/]*)-(\d[^/-]*)\.(?:tar\.gz|tar\.bz2|tar\.xz|zip|tgz)$/,
    ([, name, version]) => `${name} ${version}`,
  ],
];

const LONGEST_URL = 2_048;
const LONGEST_NAME = 200;
const SCHEME = /^[a-z]+:\/\//i;

export function packageOf(url: string): string | undefined {
  if (url.length > LONGEST_URL) return undefined;
  const path = pathOf(url);
  for (const [ends, part, pattern, nameOf] of PATTERNS) {
    if (!path.includes(part) || !ends.some((end) => path.endsWith(end))) continue;
    const match = pattern.exec(path);
    if (match !== null) return nameOf(match).slice(0, LONGEST_NAME);
  }
  return undefined;
}

/** Without its server and what was asked of it; begins with a slash. */
function pathOf(url: string): string {
  const query = url.search(/[?#]/);
  const end = query < 0 ? url.length : query;
  const scheme = SCHEME.exec(url);
  const slash = scheme === null ? 0 : url.indexOf('/', scheme[0].length);
  const path = slash < 0 || slash >= end ? '' : url.slice(slash, end);
  return decoded(path.startsWith('/') ? path : `/${path}`);
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
