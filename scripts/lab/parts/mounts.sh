# Mounts: kernel file systems that systemd would have mounted, and each engine's chroot.

is_mounted() { mountpoint -q "$1"; }

# Left mounted by `down`: they belong to the machine, and others may have begun to use them.
mount_kernel_filesystems() {
  is_mounted /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
  is_mounted /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
}

bind_at_same_path() {
  mkdir -p "$1" "$2$1"
  is_mounted "$2$1" || mount --bind "$1" "$2$1"
}

mount_engine() {
  local engine=$1 root dir
  root=$(engine_root "$engine")
  # Not being a mount point itself, a chroot makes image import fail with "remount /: invalid argument".
  is_mounted "$root" || mount --bind "$root" "$root"
  mount --make-private "$root"
  for dir in proc sys dev; do
    is_mounted "$root/$dir" && continue
    mount --rbind "/$dir" "$root/$dir"
    mount --make-rslave "$root/$dir"
  done
  is_mounted "$root/run" || mount -t tmpfs tmpfs "$root/run"
  # DockerRootDir is a path inside the chroot: the same directory at the same path outside.
  bind_at_same_path "$(engine_data "$engine")" "$root"
  bind_at_same_path "$(engine_run "$engine")" "$root"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
}

# Everything mounted at or below a directory, deepest first.
unmount_tree() {
  local point
  awk -v root="$1" '$5 == root || index($5, root "/") == 1 {print $5}' /proc/self/mountinfo | tac |
    while read -r point; do
      umount "$point" 2>/dev/null || umount -l "$point" 2>/dev/null || note "still mounted: $point"
    done
}
