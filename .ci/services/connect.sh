#!/usr/bin/env bash
# Kafka Connect (standalone worker) with the real Debezium connector for PostgreSQL.
#   connect.sh start DIR [PORT]            prints http://127.0.0.1:PORT, the worker's REST address
#   connect.sh stop DIR
#   connect.sh kill DIR                    SIGKILL, a crash
#   connect.sh put DIR NAME CONFIG.json    creates or changes a connector and waits until it runs
# start needs KAFKA=host:port. Source offsets are kept in DIR/offsets, connectors are not: after a restart put them
# again and they go on where they were. A replication slot outlives its connector.
# CONNECT_HEAP (default 512m); CONNECT_PROPS: further lines for worker.properties.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 2 ] || usage "kill DIR | put DIR NAME CONFIG.json"
dir=$(open_dir "$2")

start() {
  already "$dir" connect
  java_need
  apt_need curl curl
  local classes port
  classes=$(classpath "$SERVICES/connect")
  port=${1:-$(pick_port "$dir" connect)}
  mkdir -p "$dir/plugins" # an empty plugin path is refused; everything is on the class path
  cat >"$dir/worker.properties" <<C
bootstrap.servers=${KAFKA:?KAFKA=host:port is needed}
listeners=http://127.0.0.1:$port
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter.schemas.enable=false
offset.storage.file.filename=$dir/offsets
offset.flush.interval.ms=1000
connector.client.config.override.policy=All
plugin.discovery=service_load
plugin.path=$dir/plugins
topic.creation.enable=true
${CONNECT_PROPS:-}
C
  launch "$dir" connect java -Xms64m "-Xmx${CONNECT_HEAP:-512m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.log.io.debezium=info \
    -cp "$classes" org.apache.kafka.connect.cli.ConnectStandalone "$dir/worker.properties"
  await 90 "$dir" connect curl -fs "http://127.0.0.1:$port/connectors"
  ready "$dir" connect "http://127.0.0.1:$port"
}

# running STATUS: the connector and its one task run.
running() { [ "$(grep -o '"state":"RUNNING"' <<<"$1" | wc -l)" -ge 2 ]; }

put() {
  local url answer status deadline=$((SECONDS + 60))
  url=$(cat "$dir/connect.addr")
  answer=$(curl -sS -X PUT -H 'Content-Type: application/json' --data-binary @"$2" "$url/connectors/$1/config")
  case $answer in *'"error_code"'*) die "$answer" ;; esac
  until status=$(curl -s "$url/connectors/$1/status") && running "$status"; do
    case $status in *'"FAILED"'*) die "$status" ;; esac
    [ "$SECONDS" -lt "$deadline" ] || die "$1 does not run: $status"
    sleep 0.1
  done
}

case $1 in
start) start "${@:3}" ;;
stop) halt "$dir" connect TERM 20 ;;
kill) halt "$dir" connect KILL ;;
put) [ $# = 4 ] || usage "kill DIR | put DIR NAME CONFIG.json"; put "$3" "$4" ;;
*) usage "kill DIR | put DIR NAME CONFIG.json" ;;
esac
