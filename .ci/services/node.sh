#!/usr/bin/env bash
# Node.js with the clients that speak to asof's doors.
#   node.sh    prints a directory whose node_modules has them; nothing has to be stopped afterwards
# The directory is made once, in the cache, and again when the list below changes.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -eq 0 ] || die "usage: node.sh"
packages=(ioredis@6.0.0 redis@6.3.1 pg@8.23.1 postgres@3.4.9)
dir=$CACHE/node

complete() { [ "$(cat "$dir/packages" 2>/dev/null)" = "${packages[*]}" ]; }

install() {
  ! complete || return 0 # another script has made it meanwhile
  say "installing ${packages[*]}"
  rm -rf "$dir"
  mkdir -p "$dir"
  (cd "$dir" && again npm install --silent --no-audit --no-fund --no-save "${packages[@]}" >&2 </dev/null)
  echo "${packages[*]}" >"$dir/packages"
}

apt_need node nodejs
apt_need npm npm
complete || one_at_a_time node install
echo "$dir"
