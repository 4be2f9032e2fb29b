# Docker engines, each in its chroot with its own bridge, address pool, data and run directories, so that
# two of them, and a Docker of the machine's own, can run side by side.

declare -A ENGINE_V4=([28]=172.28.0.1/24 [20]=172.20.0.1/24)
declare -A ENGINE_POOL=([28]=172.29.0.0/16 [20]=172.21.0.0/16)
declare -A ENGINE_V6=([28]=fd00:5152:28::1/64 [20]=fd00:5152:20::1/64)
declare -A ENGINE_FIXED_V6=([28]=fd00:5152:28::/64 [20]=fd00:5152:20::/64)
# In 20.10, NAT for IPv6 was an experiment.
declare -A ENGINE_FLAGS=([28]="" [20]="--experimental --insecure-registry http://$REGISTRY")

engine_cgroup() { echo "nm-engine$1"; }

# Runs the engine's own client on this machine: its binaries ask for no newer C library than Debian 12's.
docker_of() { "$(engine_run "$1")/docker" "${@:2}"; }

engine_answers() { curl -sf --unix-socket "$(engine_socket "$1")" http://docker/_ping; }

engine_up() {
  local engine=$1
  write_client "$engine"
  if ! engine_answers "$engine" >/dev/null; then
    note "starting Docker Engine ${ENGINE_VERSION[$engine]}"
    mount_engine "$engine"
    bridge_up "$engine"
    start_engine "$engine"
    wait_for 60 "Docker Engine ${ENGINE_VERSION[$engine]}" engine_answers "$engine"
    # Left from a run that did not end well.
    remove_containers "$engine"
  fi
  import_busybox "$engine"
  [ "$engine" != 28 ] || import_trixie "$engine"
}

# A client that finds this engine and this engine's plugins, whatever else is on the PATH.
write_client() {
  local engine=$1 run root
  run=$(engine_run "$engine")
  root=$(engine_root "$engine")
  mkdir -p "$run/config"
  echo "{\"cliPluginsExtraDirs\": [\"$root/usr/libexec/docker/cli-plugins\"]}" >"$run/config/config.json"
  cat >"$run/docker" <<TEXT
#!/bin/sh
export DOCKER_HOST=unix://$(engine_socket "$engine") DOCKER_CONFIG=\${DOCKER_CONFIG:-$run/config} DOCKER_BUILDKIT=1
exec $root/usr/bin/docker "\$@"
TEXT
  chmod +x "$run/docker"
}

bridge_up() {
  local bridge
  bridge=$(engine_bridge "$1")
  [ -e "/sys/class/net/$bridge" ] && return
  ip link add "$bridge" type bridge
  ip addr add "${ENGINE_V4[$1]}" dev "$bridge"
  ip addr add "${ENGINE_V6[$1]}" dev "$bridge" nodad
  ip link set "$bridge" up
}

start_engine() {
  local engine=$1 run
  run=$(engine_run "$engine")
  # A pid file of a crashed engine may name a process that is somebody else's by now.
  recorded_pid "engine$engine" >/dev/null || rm -f "$run/docker.pid"
  (
    join_cgroup "$(engine_cgroup "$engine")"
    cd /
    # shellcheck disable=SC2086
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root setsid chroot "$(engine_root "$engine")" dockerd \
      --data-root "$(engine_data "$engine")" --exec-root "$run/exec" --pidfile "$run/docker.pid" \
      -H "unix://$(engine_socket "$engine")" --exec-opt native.cgroupdriver=cgroupfs \
      --bridge "$(engine_bridge "$engine")" --default-address-pool "base=${ENGINE_POOL[$engine]},size=24" \
      --ipv6 --ip6tables --fixed-cidr-v6 "${ENGINE_FIXED_V6[$engine]}" \
      --insecure-registry 198.51.100.0/24 ${ENGINE_FLAGS[$engine]}
  ) </dev/null >"$run/dockerd.log" 2>&1 9>&- &
  record_pid "engine$engine" $!
}
