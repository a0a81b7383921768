import { randomBytes } from 'node:crypto';

/** Where clients come in. */
export interface Listener {
  /** Its name in Kafka's properties, in capitals. */
  name: string;
  protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  /** Default: a free one. */
  port?: number;
  /** host:port that the broker tells clients to use, where something stands between. Default: its own. */
  advertised?: string;
}

export const PLAIN_LISTENER: Listener = { name: 'PLAINTEXT', protocol: 'PLAINTEXT' };
export const HOST = '127.0.0.1';

export interface NodeProperties {
  /** The first one is also how the broker reaches itself. */
  listeners: readonly Required<Pick<Listener, 'name' | 'protocol' | 'port'>>[];
  advertised: Readonly<Record<string, string>>;
  controllerPort: number;
  dataDir: string;
  /** On top of all others. */
  extra: Readonly<Record<string, string>>;
}

/** Settings of one node that is broker and controller, by name. */
export function nodeProperties(node: NodeProperties): Record<string, string> {
  const { listeners, advertised, controllerPort, dataDir, extra } = node;
  const protocols = [...listeners.map(({ name, protocol }) => `${name}:${protocol}`), 'CONTROLLER:PLAINTEXT'];
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${HOST}:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': protocols.join(','),
    listeners: [
      ...listeners.map(({ name, port }) => `${name}://${HOST}:${port}`),
      `CONTROLLER://${HOST}:${controllerPort}`,
    ].join(','),
    'advertised.listeners': listeners
      .map(({ name, port }) => `${name}://${advertised[name] ?? `${HOST}:${port}`}`)
      .join(','),
    'inter.broker.listener.name': listeners[0]!.name,
    'log.dirs': dataDir,
    // One node holds everything once, and a handful of partitions of its own topics starts faster than fifty.
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // Its own controller holds a killed broker for alive until this has passed, so a restart waits for it.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'auto.create.topics.enable': 'false',
    'log.message.timestamp.type': 'LogAppendTime',
    ...extra,
  };
}

/** The same as the text of server.properties. */
export const serverProperties = (node: NodeProperties): string =>
  Object.entries(nodeProperties(node))
    .map(([name, value]) => `${name}=${escaped(value)}\n`)
    .join('');

/** The same text again when Java reads the file (java.util.Properties). */
const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replace(/^\s/, '\\$&');

/** Port of the first listener in a file that serverProperties wrote; null when it says none. */
export function portIn(text: string): number | null {
  const port = /^listeners=[^:]+:\/\/[^:]+:(\d+)/m.exec(text)?.[1];
  return port === undefined ? null : Number(port);
}

/** An id as Kafka makes them: 16 random bytes, URL-safe, never looking like an option of a command. */
export function clusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
