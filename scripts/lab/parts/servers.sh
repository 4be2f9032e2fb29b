# The servers of the internet: the origin that counts what it sent, and Debian's own registry. They are
# sockets of this kernel too, so they get a cgroup of their own, which a meter of the host leaves out.

SERVERS_CGROUP=nm-servers

start_server() {
  local name=$1
  shift
  recorded_pid "$name" >/dev/null && return
  (
    join_cgroup "$SERVERS_CGROUP"
    exec ip netns exec "$NETNS" setsid "$@"
  ) </dev/null >"$LAB_RUN/$name.log" 2>&1 9>&- &
  record_pid "$name" $!
}

in_internet() { ip netns exec "$NETNS" "$@"; }

servers_up() {
  write_registry_config
  make_git_repository
  start_server origin node "$here/origin/main.js" --address "$SERVER_V4" --address "$SERVER_V6" \
    --control "$ORIGIN_SOCKET" --files "$LAB_HOME/www"
  start_server registry docker-registry serve "$LAB_RUN/registry.yml"
  wait_for 15 "the origin server" curl -sf --unix-socket "$ORIGIN_SOCKET" http://origin/stats
  wait_for 15 "the registry" in_internet curl -sf "http://$REGISTRY/v2/"
  seed_registry
}

servers_down() {
  stop_recorded origin
  stop_recorded registry
  stop_recorded verdaccio
  kill_cgroup "$SERVERS_CGROUP"
}

write_registry_config() {
  mkdir -p "$LAB_HOME/registry" "$LAB_HOME/www/files"
  cat >"$LAB_RUN/registry.yml" <<TEXT
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: $LAB_HOME/registry
  delete:
    enabled: true
http:
  addr: :5000
TEXT
}

# A repository for git contexts, served as plain files ("dumb HTTP"), with 1 MiB that does not compress.
make_git_repository() {
  local bare=$LAB_HOME/www/git/sample.git work
  [ -e "$bare/info/refs" ] && return
  rm -rf "$bare"
  work=$(mktemp -d)
  head -c 1048576 /dev/urandom >"$work/payload.bin"
  printf 'FROM nm-busybox\nCOPY payload.bin /\nRUN wc -c /payload.bin\n' >"$work/Dockerfile"
  # Engine 20.10 asks for this branch.
  git -C "$work" -c init.defaultBranch=master init -q
  git -C "$work" add .
  git -C "$work" -c user.name=lab -c user.email=lab@localhost commit -q -m 'A build context'
  mkdir -p "$(dirname "$bare")"
  git clone -q --bare "$work" "$bare"
  git -C "$bare" update-server-info
  rm -rf "$work"
}
