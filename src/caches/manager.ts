/** Which package manager a cache is of: by what it keeps in there, else by where it is mounted. */

interface Trace {
  manager: string;
  /** Target paths, without a slash at the end. */
  target: RegExp;
  /** Names of a directory's entries, one level below included, that only this manager makes. */
  content?: RegExp;
}

/** In this order: the more special first, since pip's and poetry's caches are often mounted at their parent folder. */
const TRACES: readonly Trace[] = [
  {
    manager: 'poetry',
    target: /\/pypoetry(?:\/|$)/,
    content: /^(?:pypoetry(?:\/|$)|cache\/repositories$)/,
  },
  {
    manager: 'uv',
    target: /\/\.cache\/uv(?:\/|$)|\/uv[-_]cache$/,
    content: /^(?:uv\/)?(?:archive-v\d+|simple-v\d+|sdists-v\d+|wheels-v\d+)$/,
  },
  {
    manager: 'pip',
    target: /\/(?:\.cache\/pip|pip[-_]cache)(?:\/|$)/,
    content: /^(?:pip\/)?(?:http-v2|selfcheck)$/,
  },
  { manager: 'pnpm', target: /\/pnpm(?:\/|$)|\/\.pnpm-store(?:\/|$)/, content: /^(?:store\/)?v\d+\/files$/ },
  {
    manager: 'yarn',
    target: /\/(?:\.yarn|\.?yarn[-_]?cache|\.cache\/yarn)(?:\/|$)|\/\.yarn\/berry/,
    content: /^(?:\.yarnrc\.yml|v6\/npm-.*|.*-npm-.*-[0-9a-f]{10}(?:-[0-9a-f]+)?\.zip)$/,
  },
  { manager: 'npm', target: /\/(?:\.npm|npm[-_]cache)(?:\/|$)/, content: /^_cacache(?:\/|$)/ },
  {
    manager: 'apt',
    target: /^\/var\/(?:cache|lib)\/apt(?:\/|$)/,
    content: /^(?:archives\/.*\.deb|pkgcache\.bin|lists\/.*_(?:In)?Release|.*_(?:In)?Release|.*\.deb)$/,
  },
  {
    manager: 'apk',
    target: /^\/(?:etc\/apk\/cache|var\/cache\/apk)(?:\/|$)/,
    content: /^(?:APKINDEX\..*\.tar\.gz|.*\.apk)$/,
  },
  {
    manager: 'dnf',
    target: /^\/var\/cache\/(?:libdnf5?|dnf5?|yum)(?:\/|$)/,
    content: /^(?:.*\.solvx?|.*\/repodata)$/,
  },
  {
    manager: 'go',
    target: /\/go\/pkg\/mod(?:\/|$)|\/\.cache\/go-build(?:\/|$)|\/go[-_](?:mod|build)[-_]?cache/,
    content: /^(?:cache\/(?:download|lock)|[0-9a-f]{2}\/[0-9a-f]{64}-[ad])$/,
  },
  {
    manager: 'cargo',
    target: /\/(?:\.cargo|cargo)\/(?:registry|git)(?:\/|$)/,
    content: /^(?:registry\/)?(?:index|cache)\/(?:index\.crates\.io|github\.com)-[0-9a-f]{16}$/,
  },
  {
    manager: 'maven',
    target: /\/\.m2(?:\/|$)/,
    content: /^(?:repository\/)?(?:org\/apache|_remote\.repositories)$|^resolver-status\.properties$/,
  },
  {
    manager: 'gradle',
    target: /\/\.gradle(?:\/|$)|\/gradle\/\.?caches?(?:\/|$)/,
    content: /^(?:caches\/)?(?:modules-\d+|jars-\d+|build-cache-\d+)$/,
  },
  {
    manager: 'composer',
    target: /\/(?:\.composer|composer)(?:\/cache)?(?:\/|$)/,
    content: /^(?:repo\/https---repo\.packagist\.org.*|files\/[^/]+)$/,
  },
  {
    manager: 'gem',
    target: /\/(?:bundle\/cache|vendor\/bundle|\.gem|gems)(?:\/|$)|\/usr\/local\/bundle/,
    content: /^(?:.*\.gem|specifications\/.*\.gemspec|compact_index\/.*)$/,
  },
  {
    manager: 'nuget',
    target: /\/(?:\.nuget|NuGet)(?:\/|$)/,
    content: /^(?:list_[0-9a-f]+.*|[^/]+\/[^/]+\.nupkg(?:\.metadata)?)$/,
  },
];

/**
 * @param targets where it is mounted
 * @param names what is in it, see CacheFacts
 */
export function managerOf(targets: readonly string[], names: readonly string[]): string | undefined {
  const plain = targets.map((target) => target.replace(/\/+$/, ''));
  const byTarget = TRACES.filter((trace) => plain.some((target) => trace.target.test(target)));
  if (byTarget.length === 1) return byTarget[0]?.manager;
  const byContent = TRACES.find(({ content }) => content && names.some((name) => content.test(name)));
  return (byContent ?? byTarget[0])?.manager;
}
