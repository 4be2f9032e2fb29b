# The lab's promise about its uplink: packets of at most an MTU on the link, merged before a socket sees
# them. Without it, a meter that forgets merged packets would pass every test.

# Packets that IP handed to this namespace's sockets, after merging (Ip InReceives).
ip_received() { awk '$1 == "Ip:" && $4 ~ /^[0-9]+$/ {print $4}' /proc/net/snmp; }
uplink_received() { cat "/sys/class/net/$UPLINK/statistics/rx_packets"; }

check_uplink() {
  local packets merged
  [ -e "/sys/class/net/$UPLINK" ] || fail "the lab is not up"
  packets=$(uplink_received) merged=$(ip_received)
  curl -sf -o /dev/null "http://$SERVER_V4/bytes/20000000/check"
  packets=$(($(uplink_received) - packets)) merged=$(($(ip_received) - merged))
  echo "20 MB: $packets packets on $UPLINK, $merged reached IP"
  [ $((merged * 5)) -lt "$packets" ] || fail "packets were not merged: GRO is off, or the machine too slow to batch"
}
