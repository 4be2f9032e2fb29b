# Taking the lab down from whatever state it is in. Every step stands alone and goes on after a failure.

# What the engines will change on this machine and do not change back.
remember_machine() {
  [ -e "$LAB_RUN/before" ] && return
  mkdir -p "$LAB_RUN/before.new"
  sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.ipv6.conf.default.forwarding \
    >"$LAB_RUN/before.new/sysctl"
  iptables-save >"$LAB_RUN/before.new/iptables"
  ip6tables-save >"$LAB_RUN/before.new/ip6tables"
  mv "$LAB_RUN/before.new" "$LAB_RUN/before"
}

lab_down() {
  local engine
  for engine in 28 20; do engine_down "$engine"; done
  servers_down
  uplink_down
  restore_machine
  remove_run_dir
  note "down"
}

engine_down() {
  local engine=$1
  if engine_answers "$engine" >/dev/null; then
    remove_containers "$engine" || note "could not remove the containers of engine $engine"
  fi
  engine_stop "$engine"
  remove_container_cgroups "$engine"
  remove_bridges "$engine"
  unmount_tree "$(engine_root "$engine")"
  unmount_tree "$(engine_data "$engine")"
  unmount_tree "$(engine_run "$engine")"
}

# A client that is still running, or a process in its last moment, may write there meanwhile.
remove_run_dir() {
  local tries=20
  until rm -rf --one-file-system "$LAB_RUN" 2>/dev/null; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "could not remove $LAB_RUN"
    sleep 0.2
  done
}

# The engine's processes and its containers', however it ended. Its mounts, bridge and data stay.
engine_stop() {
  stop_recorded "engine$1" 30
  kill_cgroup "$(engine_cgroup "$1")"
  kill_containers "$1"
}

# As a crash would end it; its containers go on. Its pid file names a live process until it is all gone.
engine_kill() {
  kill -KILL "$(recorded_pid "engine$1")"
  wait_for 30 "the end of Docker Engine ${ENGINE_VERSION[$1]}" is_gone "engine$1"
}

is_gone() { ! recorded_pid "$1" >/dev/null; }

remove_containers() {
  local containers
  containers=$(timeout 20 "$(engine_run "$1")/docker" ps -aq) || return
  # shellcheck disable=SC2086
  [ -z "$containers" ] || timeout 60 "$(engine_run "$1")/docker" rm -f $containers >/dev/null
  timeout 30 "$(engine_run "$1")/docker" network prune -f >/dev/null
}

# TERM, then KILL after SECONDS (default 5). Only the very process that was recorded.
stop_recorded() {
  local name=$1 tries=$((${2:-5} * 10)) pid
  pid=$(recorded_pid "$name") || return 0
  kill -TERM "$pid" 2>/dev/null || true
  while recorded_pid "$name" >/dev/null && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
  done
  pid=$(recorded_pid "$name") && kill -KILL "$pid" 2>/dev/null
  rm -f "$LAB_RUN/pids/$name"
}

# Ends what is left in one of the lab's own cgroups, and removes it.
kill_cgroup() {
  local dir pid tries=50
  dir=$(cgroup2_root)/$1
  [ -d "$dir" ] || return 0
  while [ "$tries" -gt 0 ] && [ -n "$(cat "$dir/cgroup.procs")" ]; do
    for pid in $(<"$dir/cgroup.procs"); do kill -KILL "$pid" 2>/dev/null || true; done
    tries=$((tries - 1))
    sleep 0.1
  done
  rmdir "$dir" 2>/dev/null || note "could not remove $dir"
}

# Containers of an engine that crashed: processes whose root file system lies in the engine's data directory.
kill_containers() {
  local data proc
  data=$(engine_data "$1")/
  for proc in /proc/[0-9]*; do
    if awk -v data="$data" '$5 == "/" && index($0, data) {found = 1} END {exit !found}' "$proc/mountinfo" 2>/dev/null; then
      kill -KILL "${proc#/proc/}" 2>/dev/null || true
    fi
  done
}

# Cgroups of containers that a crashed engine left, in every hierarchy; and Docker's parent where now empty.
remove_container_cgroups() {
  local parent container
  for parent in "$(cgroup2_root)/docker" /sys/fs/cgroup/*/docker; do
    [ -d "$parent" ] || continue
    for container in "$(engine_data "$1")"/containers/*; do
      rmdir "$parent/${container##*/}" 2>/dev/null || true
    done
    rmdir "$parent/buildkit" "$parent" 2>/dev/null || true
  done
}

# The engine's default bridge, and those of user-defined networks, known by their addresses.
remove_bridges() {
  local pool bridge
  pool=${ENGINE_POOL[$1]%.0.0/16}
  ip -o -4 addr show | awk -v pool=" $pool." 'index($0, pool) && $2 ~ /^br-/ {print $2}' |
    while read -r bridge; do ip link del "$bridge" 2>/dev/null || true; done
  ip link del "$(engine_bridge "$1")" 2>/dev/null || true
}

restore_machine() {
  [ -e "$LAB_RUN/before" ] || return 0
  drop_firewall_leftovers iptables || note "iptables rules of the lab may be left"
  drop_firewall_leftovers ip6tables || note "ip6tables rules of the lab may be left"
  sysctl -q -p "$LAB_RUN/before/sysctl" || true
}

# Removes the rules that name the lab's bridges and addresses. Docker's own chains and the policy of
# FORWARD go back to what they were only where no other Docker had put them there before.
drop_firewall_leftovers() {
  local tool=$1 before=$LAB_RUN/before/$1 policy
  policy=$(awk '/^:FORWARD/ {print $2; exit}' "$before")
  "$tool-save" | awk -v alone="$(grep -q DOCKER "$before" || echo 1)" -v policy="${policy:-ACCEPT}" '
    /nm-br(28|20)|172\.(28|29|20|21)\.|fd00:5152:/ {next}
    alone && (/^:DOCKER/ || /DOCKER/) {next}
    alone && /^\*/ {table = $1}
    alone && table == "*filter" && /^:FORWARD/ {sub(/FORWARD [A-Z]+/, "FORWARD " policy)}
    {print}' | "$tool-restore"
}

# Images, layers and registry content. The engines themselves stay: they take minutes to install.
purge_data() {
  rm -rf --one-file-system "$(engine_data 28)" "$(engine_data 20)" "$LAB_HOME/registry" "$LAB_HOME/www" \
    "$LAB_HOME/verdaccio"
}
