# The images of the lab: busybox, local and in the registry, and an image of random layers for pulls.

# A root directory with busybox and all its applets, and the lab's `udp`, as a tar on stdout. MARK makes
# its content unique.
busybox_tar() {
  local mark=$1 dir applet
  dir=$(mktemp -d)
  mkdir -p "$dir"/{bin,dev,etc,proc,root,sys,tmp,usr,var}
  chmod 1777 "$dir/tmp"
  cp "$(command -v busybox)" "$dir/bin/busybox"
  cc -O2 -Wall -static -s -o "$dir/bin/udp" "$here/tools/udp.c"
  for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$dir/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$dir/etc/passwd"
  echo 'root:x:0:' >"$dir/etc/group"
  echo "$mark" >"$dir/etc/lab-release"
  tar -C "$dir" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -c .
  rm -rf "$dir"
}

in_registry() {
  in_internet curl -sf -o /dev/null -I -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
    "http://$REGISTRY/v2/$1/manifests/1"
}

# Filled from inside the internet, so that nothing of it crosses the uplink.
seed_registry() {
  if ! in_registry busybox; then
    note "filling the registry"
    busybox_tar registry >"$LAB_RUN/busybox.tar"
    in_internet node "$here/registry/main.js" --registry "$REGISTRY" --image busybox:1 --tar "$LAB_RUN/busybox.tar" >/dev/null
    rm -f "$LAB_RUN/busybox.tar"
  fi
  if ! in_registry layers; then
    # 3 + 8 + 12 MB that do not compress.
    in_internet node "$here/registry/main.js" --registry "$REGISTRY" --image layers:1 \
      --random 3000000 --random 8000000 --random 12000000 >/dev/null
  fi
}

# A base image that is on the engine already, with a layer that no image of the registry has.
import_busybox() {
  local engine=$1
  docker_of "$engine" image inspect nm-busybox >/dev/null 2>&1 && return
  busybox_tar local | docker_of "$engine" import --change 'CMD ["sh"]' \
    --change 'ENV PATH=/bin' - nm-busybox >/dev/null
}
