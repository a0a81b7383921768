#!/bin/sh
# Makes the topics that are not there yet, and leaves the others as they are: partitions are never added, since that
# would move entities to other workers without their state.
set -eu
make_topic() {
  /opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:9092 --create --if-not-exists --topic "$1" --partitions "$2" \
    --replication-factor 1 --config cleanup.policy=delete --config message.timestamp.type=LogAppendTime \
    --config "retention.ms=$3"
}
week_ms=604800000
month_ms=2592000000
make_topic telemetry "${TELEMETRY_PARTITIONS:-6}" "$week_ms"
make_topic tidewatch-dead-letters 1 "$month_ms"
