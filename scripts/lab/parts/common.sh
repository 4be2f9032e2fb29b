# Names, addresses and paths of the lab, and the small tools that the other parts share.

LAB_HOME=/var/lib/netmeter-lab # kept by `down`: engines, images, registry content
LAB_RUN=/run/netmeter-lab      # of one run: sockets, pid files, logs

UPLINK=nm-up
NETNS=nm-wan
# TEST-NET-2 (RFC 5737) and a unique local prefix (RFC 4193). The server's addresses are routed, not
# on-link, as the internet is for a laptop.
UPLINK_V4=198.51.100.1 UPLINK_PEER_V4=198.51.100.2 SERVER_V4=198.51.100.200
UPLINK_V6=fd00:5151::1 UPLINK_PEER_V6=fd00:5151::2 SERVER_V6=fd00:5151:200::200
SERVER_V4_NET=198.51.100.128/25 SERVER_V6_NET=fd00:5151:200::/48
REGISTRY=$SERVER_V4:5000

ORIGIN_SOCKET=$LAB_RUN/origin.sock

declare -A ENGINE_VERSION=([28]=28 [20]=20.10)
declare -A ENGINE_SUITE=([28]=forky [20]=bookworm)

engine_root() { echo "$LAB_HOME/engine$1"; }
engine_data() { echo "$LAB_HOME/data$1"; }
engine_run() { echo "$LAB_RUN/engine$1"; }
engine_socket() { echo "$LAB_RUN/engine$1/docker.sock"; }
engine_bridge() { echo "nm-br$1"; }

note() { echo "lab: $*" >&2; }
fail() {
  note "$*"
  exit 1
}
need_root() { [ "$(id -u)" = 0 ] || fail "needs root: run it with sudo"; }

# One command at a time changes the lab. Daemons close descriptor 9, or they would hold the lock.
take_lock() {
  mkdir -p "$LAB_HOME" "$LAB_RUN"
  exec 9>"$LAB_HOME/lock"
  flock -w 900 9 || fail "another lab command has been running for 15 minutes"
}

# Retries CMD every 100 ms until it succeeds. wait_for SECONDS WHAT CMD…
wait_for() {
  local tries=$(($1 * 10)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "$what did not become ready; logs are in $LAB_RUN"
    sleep 0.1
  done
}

# The start time in /proc tells a recorded process from a later one with its number.
process_start() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

record_pid() {
  mkdir -p "$LAB_RUN/pids"
  echo "$2 $(process_start "$2")" >"$LAB_RUN/pids/$1"
}

# Prints the pid recorded under NAME if that very process still lives.
recorded_pid() {
  local pid start
  read -r pid start 2>/dev/null <"$LAB_RUN/pids/$1" || return 1
  [ -n "$start" ] && [ "$(process_start "$pid")" = "$start" ] && echo "$pid"
}

cgroup2_root() { awk '$0 ~ / - cgroup2 / {print $5; exit}' /proc/self/mountinfo; }

# Moves the calling (sub)shell into a cgroup of its own, as systemd does with a service.
join_cgroup() {
  local dir
  dir=$(cgroup2_root)/$1
  mkdir -p "$dir"
  echo "$BASHPID" >"$dir/cgroup.procs"
}
