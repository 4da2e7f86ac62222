#!/usr/bin/env bash
# Java with PostgreSQL's JDBC driver.
#   jdbc.sh    prints the path of the driver's jar; nothing has to be stopped afterwards
# The jar is fetched once, from Maven Central, and is what the sum below says.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -eq 0 ] || die "usage: jdbc.sh"
version=42.7.14
sum=73914527305a40cce504b0d3d90b23caf565136912d607ae8ae7c5895512332c
jar=$CACHE/postgresql-$version.jar

install() {
  [ ! -s "$jar" ] || return 0 # another script has fetched it meanwhile
  say "fetching the JDBC driver $version"
  again curl -fsSL -o "$jar.part" "https://repo.maven.apache.org/maven2/org/postgresql/postgresql/$version/postgresql-$version.jar"
  echo "$sum  $jar.part" | sha256sum -c --quiet >&2
  mv "$jar.part" "$jar"
}

apt_need javac openjdk-17-jdk-headless
apt_need curl curl ca-certificates
[ -s "$jar" ] || one_at_a_time jdbc install
echo "$jar"
