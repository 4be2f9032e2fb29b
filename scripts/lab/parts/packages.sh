# Package registries of the internet, and a Debian image with the package managers that use them: a Python index and
# a Debian archive as plain files of the origin, which counts what it sends, and verdaccio.

TRIXIE_ROOT=$LAB_HOME/trixie
NPM_HOME=$LAB_HOME/npm
NPM_REGISTRY=http://$SERVER_V4:4873

# Slow, once, and independent of the engines.
install_package_managers() {
  install_npm
  install_trixie
}

install_trixie() {
  local dir
  [ -e "$TRIXIE_ROOT/usr/local/bin/npm" ] && return
  note "installing the image of Debian 13 with poetry and npm: a minute, once"
  rm -rf --one-file-system "$TRIXIE_ROOT" "$TRIXIE_ROOT.new"
  # debootstrap does not know which package provides poetry's cffi backend.
  bootstrap trixie "$TRIXIE_ROOT.new" ca-certificates,python3-poetry,python3-cffi-backend,nodejs \
    "$LAB_HOME/debootstrap-trixie.log"
  for dir in doc man locale info; do rm -rf "$TRIXIE_ROOT.new/usr/share/$dir"; done
  rm -rf "$TRIXIE_ROOT.new"/var/lib/apt/lists/* "$TRIXIE_ROOT.new"/dev/*
  # Debian's npm is made of some 300 packages.
  mkdir -p "$TRIXIE_ROOT.new/usr/local/lib/node_modules"
  cp -a "$NPM_HOME/node_modules/npm" "$TRIXIE_ROOT.new/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$TRIXIE_ROOT.new/usr/local/bin/npm"
  mv "$TRIXIE_ROOT.new" "$TRIXIE_ROOT"
}

install_npm() {
  cmp -s "$here/npm/package.json" "$NPM_HOME/package.json" && return
  rm -rf "$NPM_HOME" "$NPM_HOME.new"
  mkdir -p "$NPM_HOME.new"
  cp "$here/npm/package.json" "$NPM_HOME.new/"
  (cd "$NPM_HOME.new" && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --fetch-retries=5) \
    </dev/null >"$LAB_HOME/npm.log" 2>&1 || fail "npm install failed: $(tail -n 3 "$LAB_HOME/npm.log")"
  mv "$NPM_HOME.new" "$NPM_HOME"
}

# The same packages for each: alpha 4 MB, beta 2 MB which needs alpha, gamma 3 MB.
package_servers_up() {
  make_python_index
  make_debian_archive
  mkdir -p "$LAB_HOME/verdaccio"
  cp "$here/npm/verdaccio.yaml" "$LAB_HOME/verdaccio/config.yaml"
  start_server verdaccio node "$NPM_HOME/node_modules/verdaccio/bin/verdaccio" \
    --config "$LAB_HOME/verdaccio/config.yaml" --listen "$SERVER_V4:4873"
  wait_for 30 "the npm registry" in_internet curl -sf "$NPM_REGISTRY/-/ping"
  publish_npm_packages
}

make_python_index() {
  local dir=$LAB_HOME/www/files/python
  [ -e "$dir/simple" ] && return
  rm -rf "$dir" "$dir.new"
  python3 "$here/packages/python-index.py" "$dir.new" nm_alpha-1.0=4000000 nm_beta-1.0=2000000:nm-alpha \
    nm_gamma-1.0=3000000
  mv "$dir.new" "$dir"
}

make_debian_archive() {
  local dir=$LAB_HOME/www/files/debian
  [ -e "$dir/Packages" ] && return
  rm -rf "$dir"
  mkdir -p "$dir"
  debian_package "$dir" nm-alpha 4000000
  debian_package "$dir" nm-beta 2000000 nm-alpha
  debian_package "$dir" nm-gamma 3000000
  (cd "$dir" && dpkg-scanpackages . >Packages.new 2>/dev/null && mv Packages.new Packages)
}

# debian_package DIR NAME BYTES [DEPENDENCY]
debian_package() {
  local work
  work=$(mktemp -d)
  mkdir -p "$work/DEBIAN" "$work/usr/share/$2"
  chmod 755 "$work"
  head -c "$3" /dev/urandom >"$work/usr/share/$2/payload"
  printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: lab <lab@localhost>\n%sDescription: %s\n' \
    "$2" "${4:+Depends: $4
}" "$2" >"$work/DEBIAN/control"
  dpkg-deb -Znone --root-owner-group --build "$work" "$1/$2_1.0_all.deb" >/dev/null
  rm -rf "$work"
}

publish_npm_packages() {
  publish_npm nm-alpha 4000000
  publish_npm nm-beta 2000000 nm-alpha
  publish_npm nm-gamma 3000000
}

# publish_npm NAME BYTES [DEPENDENCY]
publish_npm() {
  local work
  in_internet curl -sf -o /dev/null "$NPM_REGISTRY/$1/1.0.0" && return
  work=$(mktemp -d)
  node "$here/packages/npm-package.js" "$work" "$1" 1.0.0 "${@:2}"
  # It wants a token, and verdaccio takes any.
  in_internet node "$NPM_HOME/node_modules/npm/bin/npm-cli.js" publish "$work" --registry "$NPM_REGISTRY" \
    "--//$SERVER_V4:4873/:_authToken=none" >"$LAB_RUN/npm-publish.log" 2>&1 ||
    fail "npm publish failed: $(tail -n 3 "$LAB_RUN/npm-publish.log")"
  rm -rf "$work"
}

import_trixie() {
  docker_of "$1" image inspect nm-trixie >/dev/null 2>&1 && return
  note "importing the image of Debian 13"
  tar -C "$TRIXIE_ROOT" --numeric-owner -c . | docker_of "$1" import --change 'CMD ["bash"]' - nm-trixie >/dev/null
}
