# The uplink: a veth pair whose host end is the metered link, and a namespace behind it that is the internet.

uplink_up() {
  # The route made last tells a whole uplink from one whose making was interrupted.
  ip -6 route show "$SERVER_V6_NET" dev "$UPLINK" 2>/dev/null | grep -q . && [ -e "/run/netns/$NETNS" ] && return
  note "creating the uplink $UPLINK"
  servers_down # they would stay in the old namespace
  uplink_down
  ip netns add "$NETNS"
  # No router solicitations, no duplicate address detection: the link carries what tests put on it.
  ip netns exec "$NETNS" sysctl -qw net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.default.accept_dad=0 \
    net.ipv6.conf.all.forwarding=1
  ip link add "$UPLINK" type veth peer name eth0 netns "$NETNS"
  sysctl -qw "net.ipv6.conf.$UPLINK.accept_ra=0" "net.ipv6.conf.$UPLINK.accept_dad=0"
  # With segmentation in software every packet on the link is one of at most an MTU, and with GRO the
  # kernel merges them before a socket sees them, as on a laptop. A veth has GRO off by default.
  ethtool -K "$UPLINK" tso off gso off gro on tx-udp-segmentation off >/dev/null
  ip netns exec "$NETNS" ethtool -K eth0 tso off gso off gro off tx-udp-segmentation off >/dev/null

  ip addr add "$UPLINK_V4/30" dev "$UPLINK"
  ip addr add "$UPLINK_V6/64" dev "$UPLINK" nodad
  ip link set "$UPLINK" up
  ip -n "$NETNS" addr add "$UPLINK_PEER_V4/30" dev eth0
  ip -n "$NETNS" addr add "$UPLINK_PEER_V6/64" dev eth0 nodad
  ip -n "$NETNS" link set eth0 up
  ip -n "$NETNS" link set lo up
  ip -n "$NETNS" addr add "$SERVER_V4/32" dev lo
  ip -n "$NETNS" addr add "$SERVER_V6/128" dev lo nodad
  ip -n "$NETNS" route add default via "$UPLINK_V4"
  ip -n "$NETNS" -6 route add default via "$UPLINK_V6"
  ip route replace "$SERVER_V4_NET" via "$UPLINK_PEER_V4"
  ip -6 route replace "$SERVER_V6_NET" via "$UPLINK_PEER_V6"
}

uplink_down() {
  ip link del "$UPLINK" 2>/dev/null || true
  ip netns del "$NETNS" 2>/dev/null || true
}
