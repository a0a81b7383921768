/** `docker run` of one node of the official image; listening inside on the very port that clients outside use. */
export function dockerArguments(name: string, port: number, version: string): string[] {
  // The image takes none of its own settings once one is given, so these are all of them.
  const settings: Record<string, string> = {
    NODE_ID: '1',
    PROCESS_ROLES: 'broker,controller',
    CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`,
    ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
    OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    OFFSETS_TOPIC_NUM_PARTITIONS: '4',
    TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    TRANSACTION_STATE_LOG_MIN_ISR: '1',
    TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
    GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    AUTO_CREATE_TOPICS_ENABLE: 'false',
    LOG_MESSAGE_TIMESTAMP_TYPE: 'LogAppendTime',
  };
  return [
    'run',
    '--detach',
    '--rm',
    `--name=${name}`,
    `--publish=127.0.0.1:${port}:${port}`,
    ...Object.entries(settings).map(([key, value]) => `--env=KAFKA_${key}=${value}`),
    `apache/kafka:${version}`,
  ];
}
