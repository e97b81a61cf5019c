#!/usr/bin/env bash
#
# kafka-local.sh: a throw-away Apache Kafka (KRaft) cluster of 1 or 3 brokers on 127.0.0.1.
#
# Needs bash, a JDK or JRE >= 17 and, the first time only, Maven to fetch the broker's jars.
# Everything it writes lies below $KAFKA_LOCAL_DIR and $KAFKA_LOCAL_LIBS.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<USAGE
usage: ${0##*/} COMMAND

  up [N]       start N brokers (1 or 3; default 1, or as many as the data holds) and wait until ready
  down         stop all brokers; the data stays
  wipe         stop all brokers and delete the data
  kill9 ID     SIGKILL broker ID
  restart ID   start broker ID (again), stopping it first if it runs
  status       one line per broker
  bootstrap    print the bootstrap addresses

Environment:
  KAFKA_LOCAL_DIR       data, configuration and logs   (default: .kafka-local beside this script)
  KAFKA_LOCAL_LIBS      jars                           (default: .kafka-libs-VERSION beside this script)
  KAFKA_LOCAL_VERSION   Kafka version                  (default: 4.2.1; see docs/operations.md)
  KAFKA_LOCAL_PORT      client port of broker 1; brokers 2 and 3 take the next two, the
                        controllers the three after PORT+10            (default: 19092)
  KAFKA_LOCAL_JVM_OPTS  JVM options                    (default: -Xms128m -Xmx512m -XX:+UseSerialGC)
  KAFKA_LOCAL_EXTRA     file of broker properties appended to the generated ones
  KAFKA_LOCAL_PROXY     yes: a second listener for clients behind proxies. It listens at PORT+20+ID and
                        says it were at PORT+30+ID, where a proxy belongs                (default: no)
  KAFKA_LOCAL_WAIT      seconds to wait for a broker   (default: 90)
  JAVA_HOME             the Java to use                (default: java on the PATH)
USAGE
}

version=${KAFKA_LOCAL_VERSION:-4.2.1}
dir=${KAFKA_LOCAL_DIR:-$here/.kafka-local}
libs=${KAFKA_LOCAL_LIBS:-$here/.kafka-libs-$version}
jvm_opts=${KAFKA_LOCAL_JVM_OPTS:--Xms128m -Xmx512m -XX:+UseSerialGC}
extra=${KAFKA_LOCAL_EXTRA:-}
proxy=${KAFKA_LOCAL_PROXY:-no}
patience=${KAFKA_LOCAL_WAIT:-90}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
cluster_id=a2Fma2EtbG9jYWwtY2x1cw # any 16 bytes in base64url

# Brokers find their files through absolute paths, whatever the caller's folder.
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
case $libs in /*) ;; *) libs=$PWD/$libs ;; esac
case $extra in '' | /*) ;; *) extra=$PWD/$extra ;; esac

# A cluster keeps the port it was made with.
port=${KAFKA_LOCAL_PORT:-}
if [ -f "$dir/port" ]; then
  made_with=$(cat "$dir/port")
  port=${port:-$made_with}
else
  made_with=
  port=${port:-19092}
fi

die() { echo "${0##*/}: $*" >&2; exit 1; }

client_port() { echo $((port + $1 - 1)); }
controller_port() { echo $((port + 10 + $1)); }
proxied_port() { echo $((port + 20 + $1)); } # where the broker listens
proxy_port() { echo $((port + 30 + $1)); }   # where its clients go
broker_dir() { echo "$dir/broker-$1"; }
size() { if [ -f "$dir/size" ]; then cat "$dir/size"; else echo 0; fi; }
ids() { seq 1 "$(size)"; }

bootstrap() {
  local id list=
  for id in $(ids); do list+=${list:+,}127.0.0.1:$(client_port "$id"); done
  [ -n "$list" ] || die "no cluster below $dir"
  echo "$list"
}

# The pid of broker $1 if it runs. The command line is checked too: pids are reused.
pid_of() {
  local file pid
  file=$(broker_dir "$1")/pid
  [ -f "$file" ] || return 1
  pid=$(cat "$file")
  [ -n "$pid" ] || return 1
  case $(ps -o stat= -o args= -p "$pid" 2>/dev/null) in
    Z*) return 1 ;;
    *"$(broker_dir "$1")/server.properties"*) echo "$pid" ;;
    *) return 1 ;;
  esac
}

check_id() {
  case ${1:-} in [1-3]) ;; *) die "broker ID expected (1 to $(size))" ;; esac
  [ "$1" -le "$(size)" ] || die "no broker $1: the cluster below $dir has $(size)"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Maven fetches into a folder of its own, which is then renamed: several callers may come at once, and none sees half.
fetch_libs() {
  local partial=$libs.$$
  [ -f "$libs/.complete" ] && return
  command -v mvn >/dev/null || die "no jars in $libs, and no Maven to fetch them"
  echo "fetching Kafka $version into $libs" >&2
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -Dkafka.version="$version" -DoutputDirectory="$partial" >&2
  touch "$partial/.complete"
  rmdir "$libs" 2>/dev/null || true # an empty folder that the caller made
  if [ -e "$libs" ] || ! mv "$partial" "$libs"; then rm -rf "$partial"; fi
  rm -rf "$libs/${partial##*/}" # where mv puts it if another caller was quicker
  [ -f "$libs/.complete" ] || die "$libs exists but does not hold a complete set of jars; delete it"
}

write_config() { # ID N
  local id=$1 n=$2 voters="" i rf min_isr proxied="" advertised=""
  if [ "$proxy" = yes ]; then
    proxied=",PROXIED://127.0.0.1:$(proxied_port "$id")"
    advertised=",PROXIED://127.0.0.1:$(proxy_port "$id")"
  fi
  for i in $(seq 1 "$n"); do voters+=${voters:+,}$i@127.0.0.1:$(controller_port "$i"); done
  rf=$n min_isr=$((n > 1 ? 2 : 1))
  cat >"$(broker_dir "$id")/server.properties" <<CONF
process.roles=broker,controller
node.id=$id
controller.quorum.voters=$voters
listeners=CLIENT://127.0.0.1:$(client_port "$id"),CONTROLLER://127.0.0.1:$(controller_port "$id")$proxied
advertised.listeners=CLIENT://127.0.0.1:$(client_port "$id")$advertised
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs=$(broker_dir "$id")/data

auto.create.topics.enable=false
default.replication.factor=$rf
min.insync.replicas=$min_isr
offsets.topic.replication.factor=$rf
offsets.topic.num.partitions=6
transaction.state.log.replication.factor=$rf
transaction.state.log.min.isr=$min_isr
transaction.state.log.num.partitions=6
share.coordinator.state.topic.replication.factor=$rf
share.coordinator.state.topic.min.isr=$min_isr
share.coordinator.state.topic.num.partitions=3

# Small and quick to start: this is for one developer's machine.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=2097152
log.retention.ms=-1
num.network.threads=2
num.io.threads=4
CONF
  if [ -n "$extra" ]; then cat "$extra" >>"$(broker_dir "$id")/server.properties"; fi
}

write_logging() {
  cat >"$dir/log4j2.properties" <<'CONF'
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
CONF
}

format() { # ID
  [ -f "$(broker_dir "$1")/data/meta.properties" ] && return
  "$java" -cp "$libs/*" -Dlog4j2.configurationFile="$dir/log4j2.properties" kafka.tools.StorageTool format \
    --cluster-id "$cluster_id" --config "$(broker_dir "$1")/server.properties" \
    >"$(broker_dir "$1")/format.log" 2>&1 ||
    die "formatting broker $1 failed: $(tail -n 3 "$(broker_dir "$1")/format.log")"
}

launch() { # ID
  local b
  pid_of "$1" >/dev/null && return
  b=$(broker_dir "$1")
  if listens "$(client_port "$1")"; then die "port $(client_port "$1") is taken; set KAFKA_LOCAL_PORT"; fi
  if listens "$(controller_port "$1")"; then die "port $(controller_port "$1") is taken; set KAFKA_LOCAL_PORT"; fi
  if [ "$proxy" = yes ] && listens "$(proxied_port "$1")"; then die "port $(proxied_port "$1") is taken; set KAFKA_LOCAL_PORT"; fi
  if [ -f "$b/broker.log" ]; then mv -f "$b/broker.log" "$b/broker.log.1"; fi
  # shellcheck disable=SC2086 # the options are meant to be split
  nohup "$java" $jvm_opts -cp "$libs/*" -Dlog4j2.configurationFile="$dir/log4j2.properties" \
    kafka.Kafka "$b/server.properties" >"$b/broker.log" 2>&1 </dev/null &
  echo $! >"$b/pid"
  disown
}

# "Kafka Server started" comes once the controller has let the broker serve clients.
await() { # ID
  local deadline=$((SECONDS + patience)) log
  log=$(broker_dir "$1")/broker.log
  until grep -q 'Kafka Server started' "$log" 2>/dev/null && listens "$(client_port "$1")"; do
    pid_of "$1" >/dev/null || die "broker $1 has died; see $log: $(grep -E 'ERROR|FATAL|Exception' "$log" | tail -n 2)"
    [ $SECONDS -lt $deadline ] || die "broker $1 is not ready after ${patience}s; see $log"
    sleep 0.2
  done
}

stop() { # ID...: SIGTERM to all, then SIGKILL to what is left after 20 s
  local id pid deadline=$((SECONDS + 20))
  for id in "$@"; do if pid=$(pid_of "$id"); then kill "$pid" 2>/dev/null || true; fi; done
  for id in "$@"; do
    while pid=$(pid_of "$id"); do
      if [ $SECONDS -ge $deadline ]; then kill -9 "$pid" 2>/dev/null || true; fi
      sleep 0.2
    done
    rm -f "$(broker_dir "$id")/pid"
  done
}

up() { # [N]
  local have n id
  have=$(size)
  n=${1:-$((have > 0 ? have : 1))}
  case $n in 1 | 3) ;; *) die "1 or 3 brokers, not '$n'" ;; esac
  if [ "$have" -ne 0 ] && [ "$have" -ne "$n" ]; then
    die "$dir holds a cluster of $have; '${0##*/} wipe' first, or set KAFKA_LOCAL_DIR"
  fi
  if [ -n "$made_with" ] && [ "$made_with" != "$port" ]; then
    die "the cluster below $dir was made with KAFKA_LOCAL_PORT=$made_with; '${0##*/} wipe' first"
  fi
  command -v "$java" >/dev/null || die "no java: install a JRE >= 17 or set JAVA_HOME"
  fetch_libs
  mkdir -p "$dir"
  write_logging
  for id in $(seq 1 "$n"); do
    mkdir -p "$(broker_dir "$id")"
    write_config "$id" "$n"
    format "$id"
  done
  echo "$n" >"$dir/size"
  echo "$port" >"$dir/port"
  for id in $(ids); do launch "$id"; done
  for id in $(ids); do await "$id"; done
  bootstrap
}

down() {
  # shellcheck disable=SC2046
  stop $(ids)
}

cmd=${1:-}
shift || true
case $cmd in
  up) up "$@" ;;
  down) down ;;
  wipe)
    down
    rm -rf "$dir"/broker-[1-3] "$dir/size" "$dir/port" "$dir/log4j2.properties"
    if [ -d "$dir" ]; then rmdir "$dir" 2>/dev/null || true; fi
    ;;
  kill9)
    check_id "${1:-}"
    pid=$(pid_of "$1") || die "broker $1 does not run"
    kill -9 "$pid"
    # Threads of a killed JVM may hold its port for a moment when its first has ended.
    deadline=$((SECONDS + patience))
    while pid_of "$1" >/dev/null || listens "$(client_port "$1")"; do
      [ $SECONDS -lt $deadline ] || die "broker $1 was killed, and after ${patience}s its port is not free"
      sleep 0.05
    done
    rm -f "$(broker_dir "$1")/pid"
    ;;
  restart)
    check_id "${1:-}"
    stop "$1"
    launch "$1"
    await "$1"
    ;;
  status)
    for id in $(ids); do
      if pid=$(pid_of "$id"); then state="pid $pid"; else state=down; fi
      echo "broker $id 127.0.0.1:$(client_port "$id") $state"
    done
    ;;
  bootstrap) bootstrap ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
