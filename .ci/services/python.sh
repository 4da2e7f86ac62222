#!/usr/bin/env bash
# Python with the libraries that read what asof writes, pandas (with pyarrow), polars and DuckDB, and the clients that read from its doors.
#   python.sh    prints the path of its python3; nothing has to be stopped afterwards
# An environment is made once for each state of the list below, in the cache.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -eq 0 ] || die "usage: python.sh"
packages=(pandas==3.1.1 pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 redis==8.1.0
  "psycopg[binary]==3.3.9" psycopg2-binary==2.9.13 asyncpg==0.32.0 pg8000==1.31.6 SQLAlchemy==2.1.9 adbc-driver-postgresql==1.13.0 connectorx==0.4.6
  pgcli==4.7.1 "ibis-framework[postgres]==12.0.0" packaging==26.4)
dir=$CACHE/python-$(sha256sum <<<"${packages[*]}" | cut -c1-12)

complete() { [ -x "$dir/bin/python3" ] && [ "$(cat "$dir/packages" 2>/dev/null)" = "${packages[*]}" ]; }

install() {
  ! complete || return 0 # another script has made it meanwhile
  say "installing ${packages[*]}"
  rm -rf "$dir"
  python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3 python3-venv
  python3 -m venv "$dir"
  again "$dir/bin/python3" -m pip install --quiet --disable-pip-version-check "${packages[@]}" >&2 </dev/null
  echo "${packages[*]}" >"$dir/packages"
}

complete || one_at_a_time python install
echo "$dir/bin/python3"
