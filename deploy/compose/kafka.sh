#!/bin/sh
# Formats the volume at its first start, and runs the broker. The id is the cluster's name, no secret.
set -eu
properties=/etc/tidewatch/kafka.properties
export KAFKA_HEAP_OPTS='-Xms256m -Xmx512m'
# Its usual arguments, without the log of garbage collections.
export EXTRA_ARGS='-name kafkaServer'
# To the container's log alone: files would fill the tmpfs, hour by hour.
export KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/etc/tidewatch/log4j2.properties
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id tidewatchComposeKafkaA --config "$properties"
exec /opt/kafka/bin/kafka-server-start.sh "$properties"
