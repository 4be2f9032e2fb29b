#!/usr/bin/env bash
# Records test/fixtures/leases: what real DHCP clients keep of a lease with Android's option 43, and of one without.
# As root on Debian, with isc-dhcp-client, dhcpcd-base and dnsmasq-base. A veth pair into a namespace of its
# own is the network, dnsmasq the phone; nothing else of the machine is touched.
set -euo pipefail
out=$(cd "$(dirname "$0")/../../test/fixtures/leases" && pwd)
work=$(mktemp -d)
server=nm-dhcp-server client=nm-dhcp-client
cleanup() {
  for pid in "$work"/*.pid; do [ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true; done
  ip netns del "$client" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

network() {
  ip netns add "$server"
  ip netns add "$client"
  ip -n "$server" link add phone0 type veth peer name wlan7 netns "$client"
  ip -n "$server" addr add 192.168.43.1/24 dev phone0
  ip -n "$server" link set phone0 up
  ip -n "$client" link set wlan7 up
}

# $1: more options of dnsmasq
serve() {
  ip netns exec "$server" dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=phone0 --bind-interfaces \
    --dhcp-range=192.168.43.50,192.168.43.60,1h --dhcp-leasefile="$work/leases" --pid-file "$@" >"$work/dnsmasq.log" 2>&1 &
  echo $! >"$work/dnsmasq.pid"
  sleep 1
}

# $1: suffix of the recorded files
record() {
  ip -n "$client" addr flush dev wlan7
  ip netns exec "$client" dhclient -1 -sf /bin/true -lf "$work/dhclient.leases" -pf "$work/dhclient.pid" wlan7
  cp "$work/dhclient.leases" "$out/dhclient-$1.leases"
  for _ in $(seq 50); do [ -s "$work/dhclient.pid" ] && break; sleep 0.1; done
  kill "$(cat "$work/dhclient.pid")"; rm -f "$work/dhclient.leases" "$work/dhclient.pid"
  # dhcpcd keeps its leases where it was built to: a tmpfs over that, for it alone.
  ip netns exec "$client" unshare --mount sh -c "mount -t tmpfs none /var/lib/dhcpcd && mount -t tmpfs none /run &&
    mkdir -p /run/dhcpcd && { timeout 20 dhcpcd -4 -1 -q -c /bin/true --noarp -o vendor_encapsulated_options wlan7 || true; } &&
    cp /var/lib/dhcpcd/wlan7.lease '$out/dhcpcd-$1.lease'; dhcpcd -x wlan7 >/dev/null 2>&1 || true"
}

network
serve --dhcp-option-force=43,ANDROID_METERED
record metered
kill "$(cat "$work/dnsmasq.pid")"
sleep 1
serve
record plain
