#!/bin/bash
# kafka-run-class.sh CLASS [ARGUMENT...]
#
# CLASS_ARCHIVE names an archive of loaded classes; it is used if it is there, and written at the end with LEARN_CLASSES.
# It fits one class path only, so jars are listed in a fixed order.
set -euo pipefail
export LC_ALL=C

path=$(printf ':%s' /opt/kafka/libs/*.jar)
archive=/opt/kafka/cds/${CLASS_ARCHIVE:-none}.jsa
options=()
if [ -n "${LEARN_CLASSES-}" ]; then
  options+=("-XX:ArchiveClassesAtExit=$archive")
elif [ -e "$archive" ]; then
  options+=("-XX:SharedArchiveFile=$archive" -Xshare:auto)
fi

# shellcheck disable=SC2086 # the options are lists of words
exec /opt/java/bin/java ${KAFKA_HEAP_OPTS:--Xmx256m} ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseSerialGC} \
  -Xlog:disable -Xlog:all=error:stderr "${options[@]}" -Djava.awt.headless=true -Dkafka.logs.dir=/tmp \
  -Dlog4j2.configurationFile="/etc/kafka/docker/${LOGGING:-tools-log4j2.yaml}" ${KAFKA_OPTS:-} -cp "${path#:}" "$@"
