# shellcheck shell=bash
# Kafka's jars, a JRE with the modules that a broker needs, and the usual tools. See build.sh.

packages=()

modules=java.base,java.logging,java.management,java.management.rmi,java.naming,java.net.http,java.rmi,java.security.jgss
modules+=,java.security.sasl,java.sql,java.xml,java.desktop,jdk.crypto.ec,jdk.jcmd,jdk.management,jdk.management.agent
modules+=,jdk.naming.dns,jdk.net,jdk.security.auth,jdk.security.jgss,jdk.unsupported,jdk.zipfs

# name, class
tools='
kafka-topics org.apache.kafka.tools.TopicCommand
kafka-configs kafka.admin.ConfigCommand
kafka-storage kafka.tools.StorageTool
kafka-console-producer org.apache.kafka.tools.ConsoleProducer
kafka-console-consumer org.apache.kafka.tools.consumer.ConsoleConsumer
kafka-consumer-groups org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
kafka-broker-api-versions org.apache.kafka.tools.BrokerApiVersionsCommand
kafka-transactions org.apache.kafka.tools.TransactionsCommand
kafka-get-offsets org.apache.kafka.tools.GetOffsetShell
kafka-delete-records org.apache.kafka.tools.DeleteRecordsCommand'

jars() { # prints the folder
  local jars=$cache/kafka-$KAFKA_VERSION partial=$cache/kafka-$KAFKA_VERSION.$$
  if [ ! -d "$jars" ]; then
    command -v mvn >/dev/null || die "Maven is needed to fetch Kafka's jars"
    say "fetching Kafka $KAFKA_VERSION"
    mvn -q -B -Dstyle.color=never -f "$here/kafka/pom.xml" dependency:copy-dependencies \
      -DincludeScope=runtime -Dkafka.version="$KAFKA_VERSION" -DoutputDirectory="$partial" >&2
    mv -T "$partial" "$jars"
  fi
  echo "$jars"
}

fill() {
  local root=$1 jlink name class
  jlink=$(command -v jlink) || die "jlink is needed: install a JDK >= 17"
  mkdir -p "$root"/opt/kafka/{bin,config,cds,libs} "$root"/etc/kafka/{docker,secrets} "$root"/mnt/shared/config "$root"/var/lib/kafka/data
  "$jlink" --strip-debug --no-header-files --no-man-pages --add-modules "$modules" --output "$root/opt/java" >&2
  "$root/opt/java/bin/java" -Xshare:dump >/dev/null 2>&1 # classes that are loaded already: quicker starts
  install -m 644 "$(jars)"/*.jar "$root/opt/kafka/libs/"
  install -m 644 "$here"/kafka/{server.properties,log4j2.yaml,tools-log4j2.yaml} "$root/etc/kafka/docker/"
  install -m 755 "$here/kafka/run" "$root/etc/kafka/docker/run"
  install -m 755 "$here/kafka/kafka-run-class.sh" "$root/opt/kafka/bin/"
  while read -r name class; do
    [ -n "$name" ] || continue
    # shellcheck disable=SC2016 # "$@" is for the tool
    printf '#!/bin/bash\nexec /opt/kafka/bin/kafka-run-class.sh %s "$@"\n' "$class" >"$root/opt/kafka/bin/$name.sh"
    chmod 755 "$root/opt/kafka/bin/$name.sh"
  done <<<"$tools"
  add_user "$root" appuser 1000
  chown -R 1000:1000 "$root"/{opt/kafka,etc/kafka,mnt/shared,var/lib/kafka}
}

# A broker that was started and stopped once leaves an archive of its classes; with it later starts take half the time.
# Without it everything works.
after() {
  local root=$1 id deadline=$((SECONDS + 120))
  id=$(docker run --detach --network none --env LEARN_CLASSES=1 "$(tag kafka)")
  until docker logs "$id" 2>&1 | grep -q 'Kafka Server started' || [ $SECONDS -ge $deadline ]; do sleep 0.5; done
  docker stop --time 60 "$id" >/dev/null
  if docker cp "$id:/opt/kafka/cds/." "$root/opt/kafka/cds/" && ls "$root"/opt/kafka/cds/*.jsa >/dev/null 2>&1; then
    chmod 644 "$root"/opt/kafka/cds/*.jsa
    chown 1000:1000 "$root"/opt/kafka/cds/*.jsa
    docker image rm --force "$(tag kafka)" >/dev/null
    import kafka "$root"
  else
    say "no archive of classes: brokers will start more slowly"
  fi
  docker rm --force --volumes "$id" >/dev/null
}
