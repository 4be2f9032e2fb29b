# What the lab needs from Debian: packages on this machine, and a chroot for each engine.

LAB_PACKAGES=(debootstrap iproute2 ethtool iptables tcpdump docker-registry busybox-static git curl procps
  ca-certificates gcc libc6-dev)
# The compiler of the eBPF programs, wanted by the project's own build checks.
BUILD_PACKAGES=(clang llvm libbpf-dev bpftool)
# What package registries are made with: an index of .deb files.
REGISTRY_PACKAGES=(dpkg-dev)
# Wanted by tests: the unit is verified and booted by the real systemd, UDP options are set from Python, the live view
# is watched in a terminal.
TEST_PACKAGES=(systemd systemd-container python3 util-linux tmux dbus python3-dbusmock)
# Proxies, as real ones: tests put packages through them.
PROXY_PACKAGES=(apt-cacher-ng squid nginx-light)

install_packages() {
  local missing=() package
  for package in "${LAB_PACKAGES[@]}" "${BUILD_PACKAGES[@]}" "${REGISTRY_PACKAGES[@]}" "${TEST_PACKAGES[@]}" \
    "${PROXY_PACKAGES[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "needs Debian (apt-get) to install: ${missing[*]}"
  note "installing ${missing[*]}"
  # A third-party source that is out of reach must not stop the lab: the install below decides.
  apt-get update -qq || note "apt-get update had errors; going on"
  without_services apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" </dev/null >"$LAB_HOME/apt.log" 2>&1 ||
    fail "apt-get install failed: $(tail -n 3 "$LAB_HOME/apt.log")"
}

# Debian starts a package's services at once; docker-registry would take port 5000 of the machine itself.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then
    DEBIAN_FRONTEND=noninteractive "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  DEBIAN_FRONTEND=noninteractive "$@" || status=$?
  rm -f "$policy"
  return "$status"
}

debian_mirror() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "Debian" {print $1; exit}')
  echo "${mirror:-http://deb.debian.org/debian}"
}

# debootstrap SUITE into DIR, which must be new, with more packages (a list with commas).
bootstrap() {
  local suite=$1 dir=$2 packages=$3 log=$4 proxy
  proxy=$(apt-config shell P Acquire::http::Proxy | sed "s/^P='\(.*\)'$/\1/")
  # The suite's own script may be newer than this machine's debootstrap; all of them are the one of sid.
  env ${proxy:+http_proxy="$proxy"} debootstrap --variant=minbase --include="$packages" \
    "$suite" "$dir" "$(debian_mirror)" /usr/share/debootstrap/scripts/sid \
    </dev/null >"$log" 2>&1 || fail "debootstrap failed: $(tail -n 3 "$log")"
  rm -f "$dir"/var/cache/apt/archives/*.deb
}

# Prepares the engine's chroot. It gets its final name only when complete, so an interrupted run starts over.
install_engine() {
  local engine=$1 suite root packages
  suite=${ENGINE_SUITE[$engine]}
  root=$(engine_root "$engine")
  [ -e "$root/usr/sbin/dockerd" ] && return
  packages=docker.io,ca-certificates,iptables,iproute2,git
  [ "$engine" = 28 ] && packages+=,docker-cli,docker-buildx,docker-compose
  note "installing Docker Engine ${ENGINE_VERSION[$engine]} ($suite) into $root: some minutes, once"
  rm -rf --one-file-system "$root.new"
  bootstrap "$suite" "$root.new" "$packages" "$LAB_HOME/debootstrap$engine.log"
  mv "$root.new" "$root"
}
