# What is where, for people, tests and scripts.

print_facts() {
  local engine
  cat <<TEXT
NETMETER_LAB_UPLINK=$UPLINK
NETMETER_LAB_NETNS=$NETNS
NETMETER_LAB_SERVER_V4=$SERVER_V4
NETMETER_LAB_SERVER_V6=$SERVER_V6
NETMETER_LAB_ORIGIN=http://$SERVER_V4
NETMETER_LAB_ORIGIN_V6=http://[$SERVER_V6]
NETMETER_LAB_ORIGIN_SOCKET=$ORIGIN_SOCKET
NETMETER_LAB_REGISTRY=$REGISTRY
NETMETER_LAB_NPM_REGISTRY=$NPM_REGISTRY
NETMETER_LAB_VERDACCIO=$NPM_HOME/node_modules/verdaccio/bin/verdaccio
NETMETER_LAB_SERVERS_CGROUP=$(cgroup2_root)/$SERVERS_CGROUP
TEXT
  for engine in 28 20; do
    [ -S "$(engine_socket "$engine")" ] || continue
    cat <<TEXT
NETMETER_LAB_DOCKER_HOST_$engine=unix://$(engine_socket "$engine")
NETMETER_LAB_DOCKER_$engine=$(engine_run "$engine")/docker
NETMETER_LAB_DATA_$engine=$(engine_data "$engine")
NETMETER_LAB_BRIDGE_$engine=$(engine_bridge "$engine")
NETMETER_LAB_ENGINE_PID_$engine=$(recorded_pid "engine$engine" || true)
NETMETER_LAB_ENGINE_CGROUP_$engine=$(cgroup2_root)/$(engine_cgroup "$engine")
TEXT
  done
}

write_facts() { print_facts >"$LAB_RUN/env"; }

print_status() {
  local name pid up=0
  for name in origin registry verdaccio engine28 engine20; do
    if pid=$(recorded_pid "$name"); then
      echo "$name: running, pid $pid"
      up=1
    else
      echo "$name: not running"
    fi
  done
  if [ -e "/sys/class/net/$UPLINK" ]; then
    echo "uplink: $UPLINK, namespace $NETNS"
    up=1
  else
    echo "uplink: none"
  fi
  [ "$up" = 1 ]
}

# What `down` should have removed. Nothing printed and exit 0 where it did.
print_leftovers() {
  local found
  found=$(
    ls -d "/sys/class/net/$UPLINK" /sys/class/net/nm-br* "/run/netns/$NETNS" "$LAB_RUN" 2>/dev/null
    ls -d "$(cgroup2_root)"/nm-{engine28,engine20,servers} 2>/dev/null
    awk -v home="$LAB_HOME/" 'index($5, home) == 1 {print $5}' /proc/self/mountinfo
    for tool in iptables-save ip6tables-save; do "$tool" 2>/dev/null | grep -E 'nm-br(28|20)'; done
  ) || true # the last look finding nothing
  [ -z "$found" ] && return
  echo "$found"
  return 1
}
