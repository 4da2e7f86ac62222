#!/usr/bin/env bash
# A real Apache Kafka broker: KRaft, one node, broker and controller in one JVM.
#   kafka.sh start DIR [PORT]   prints 127.0.0.1:PORT (plaintext)
#   kafka.sh stop DIR           SIGTERM; data stays and is reused by the next start
#   kafka.sh kill DIR           SIGKILL, a crash; likewise
# KAFKA_HEAP (default 384m); KAFKA_PROPS: further lines for server.properties.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 2 ] || usage "kill DIR"
dir=$(open_dir "$2")

# configure PORT CONTROLLER_PORT. Offsets fall out of a topic's retention within a second, and after kill -9 the
# broker waits for its old self to time out: both take Kafka's defaults minutes and 9 s.
configure() {
  cat <<C
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$2
controller.listener.names=CONTROLLER
listeners=CONTROLLER://127.0.0.1:$2,PLAINTEXT://127.0.0.1:$1
advertised.listeners=PLAINTEXT://127.0.0.1:$1
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$dir/kafka-data
num.partitions=1
auto.create.topics.enable=true
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=2000000
log.cleaner.backoff.ms=500
log.retention.check.interval.ms=500
log.initial.task.delay.ms=500
log.segment.delete.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
${KAFKA_PROPS:-}
C
}

# The broker says so itself once it is unfenced; an open port comes earlier, when topics cannot be created yet.
started() { grep -q 'Kafka Server started' "$dir/kafka.log"; }

start() {
  already "$dir" kafka
  java_need
  local classes port java
  classes=$(classpath "$SERVICES/kafka")
  # Serial GC and the first JIT tier: a quarter of the memory and half the start time, enough for tests.
  java=(java -Xms64m "-Xmx${KAFKA_HEAP:-384m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info -cp "$classes")
  port=${1:-$(pick_port "$dir" kafka)}
  configure "$port" "$(free_port)" >"$dir/server.properties"
  if [ ! -s "$dir/kafka-data/meta.properties" ]; then
    "${java[@]}" kafka.tools.StorageTool format -c "$dir/server.properties" --standalone \
      --cluster-id="$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')" >"$dir/format.log" 2>&1 ||
      { cat "$dir/format.log" >&2; die "the log directory could not be formatted"; }
  fi
  launch "$dir" kafka "${java[@]}" kafka.Kafka "$dir/server.properties"
  await 90 "$dir" kafka started
  ready "$dir" kafka "127.0.0.1:$port"
}

case $1 in
start) start "${@:3}" ;;
stop) halt "$dir" kafka TERM 20 ;;
kill) halt "$dir" kafka KILL ;;
*) usage "kill DIR" ;;
esac
