# Node.js, the packages from npm and the build, for scripts that start from a bare clone. Sourced by them,
# in the project's root.

say() { echo "$(basename "$0"): $*" >&2; }

# Node 20.11 or later, as package.json asks.
need_node() {
  local found
  found=$(node --version 2>/dev/null) || found=none
  if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number);
      process.exit(a > 20 || (a === 20 && b >= 11) ? 0 : 1)' 2>/dev/null; then
    say "needs Node.js 20.11 or later, found $found; see https://nodejs.org/en/download"
    return 1
  fi
  command -v npm >/dev/null || { say "needs npm" && return 1; }
}

# What npm compiles with where a prebuilt binary cannot be had.
need_compiler() {
  command -v python3 >/dev/null && command -v make >/dev/null && command -v g++ >/dev/null && return
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    say "python3, make and g++ are missing: npm may not be able to compile sqlite3"
    return 0
  fi
  say "installing python3, make and g++"
  apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends \
    python3 make g++ </dev/null >&2
}

# npm ci, where node_modules is missing or not what the lock file asks for. A registry may stumble: three tries.
need_packages() {
  local try
  node scripts/lib/packages-fresh.js && return
  need_compiler
  for try in 1 2 3; do
    say "npm ci (try $try of 3)"
    npm ci --no-audit --no-fund --fetch-retries=5 </dev/null >&2 && return
    sleep $((try * 5))
  done
  say "npm ci failed"
  return 1
}

build_project() { npm run --silent build </dev/null >&2; }
