import type { StreamConfig } from '../../../core/config/stream.ts';
import { MAX_RECORD_BYTES } from '../../../ingest/decode/limits.ts';
import type { TopicDescription } from '../../../ingest/kafka/ports.ts';
import { bad, type Check, type CheckResult, ok, warn } from '../check.ts';
import { type KafkaFacts, told, withoutKafka } from './facts.ts';

/** A record's key, headers and the frame of its batch, beside its value. */
const ENVELOPE_BYTES = 16 * 1024;
const REPLICAS = 3;
/** Of a topic that somebody makes for trying things out. */
const PARTITIONS = 6;

/** The topic of one stream: that it is there, and that its settings let us read it right. */
export const topicCheck = (facts: KafkaFacts, { topic }: StreamConfig): Check => ({
  name: `topic ${topic}`,
  async run() {
    return (await withoutKafka(facts)) ?? examined(facts, topic, telemetry);
  },
});

export const deadLetterTopicCheck = (facts: KafkaFacts): Check => ({
  name: 'dead-letter topic',
  async run() {
    const topic = facts.config.kafka.deadLetterTopic;
    if (topic === null) return ok('none: dead letters go to the table alone');
    return (await withoutKafka(facts)) ?? examined(facts, topic, deadLetters);
  },
});

type Rules = (topic: TopicDescription) => CheckResult[];

async function examined(facts: KafkaFacts, name: string, rules: Rules): Promise<readonly CheckResult[]> {
  const found = await facts.topic(name);
  if (!found.ok) return [bad(told(found.fault), aclRemedy(facts, name, 'Describe'))];
  if (found.value === null) return [missing(facts, name)];
  const { partitions, details } = found.value;
  const there = ok(`${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`);
  if (details === null)
    return [
      warn(
        `${there.found}; its settings may not be read by our user`,
        `To have them looked at: ${aclRemedy(facts, name, 'DescribeConfigs')}`,
      ),
    ];
  const cluster = await facts.cluster();
  const brokers = cluster.ok ? cluster.value.brokers.length : 1;
  const results = [there, ...replication(facts, details, brokers), ...rules(details)].map((r) => fill(r, facts, name));
  // what is in order is worth a line beside what is not: few run more than one broker where they try things out
  const fine = results.filter((r) => r.status === 'ok').map((r) => r.found);
  return [ok(fine.join(', ')), ...results.filter((r) => r.status !== 'ok')];
}

function missing(facts: KafkaFacts, name: string): CheckResult {
  const ofLetters = name === facts.config.kafka.deadLetterTopic;
  const settings = '--config message.timestamp.type=LogAppendTime --config cleanup.policy=delete';
  const create = `--create --topic ${name} --partitions ${ofLetters ? 1 : PARTITIONS} ${settings}`;
  return ofLetters
    ? warn(
        `${name} does not exist: the first dead letter makes it, if our user may make topics, else its partition waits`,
        command(facts, 'topics', create),
      )
    : bad(`${name} does not exist, or our user may not see it`, command(facts, 'topics', create));
}

/** Remedies name settings; the command that sets them is the same everywhere. */
const SET = /^SET (\S+)$/;
function fill(result: CheckResult, facts: KafkaFacts, topic: string): CheckResult {
  const setting = SET.exec(result.remedy ?? '')?.[1];
  if (setting === undefined) return result;
  const remedy = command(
    facts,
    'configs',
    `--alter --entity-type topics --entity-name ${topic} --add-config ${setting}`,
  );
  return { ...result, remedy };
}

const command = (facts: KafkaFacts, tool: string, rest: string): string =>
  `kafka-${tool}.sh --bootstrap-server ${facts.config.kafka.brokers[0]} ${rest}`;

function aclRemedy(facts: KafkaFacts, topic: string, operation: string): string {
  const user = facts.config.kafka.username ?? 'ANONYMOUS';
  return command(facts, 'acls', `--add --allow-principal User:${user} --operation ${operation} --topic ${topic}`);
}

function telemetry({ config }: TopicDescription): CheckResult[] {
  const stamps = config['message.timestamp.type'];
  const policy = config['cleanup.policy'] ?? '';
  const largest = Number(config['max.message.bytes']);
  return [
    stamps === 'LogAppendTime'
      ? ok('LogAppendTime')
      : warn(
          `message.timestamp.type is ${stamps}: senders say when a record came, so lateness, the future and lag are theirs to tell`,
          'SET message.timestamp.type=LogAppendTime',
        ),
    /compact/.test(policy)
      ? bad(
          `cleanup.policy is ${policy}: workers stall where compaction has taken records away, and windows miss points`,
          'SET cleanup.policy=delete',
        )
      : ok(`retention ${retention(config)}`),
    largest > MAX_RECORD_BYTES + ENVELOPE_BYTES
      ? warn(
          `max.message.bytes is ${largest}: records of more than ${MAX_RECORD_BYTES} bytes become dead letters`,
          `SET max.message.bytes=${MAX_RECORD_BYTES + 12}`,
        )
      : ok(`compression ${config['compression.type'] ?? 'unknown'} can be read`),
  ];
}

function deadLetters({ config }: TopicDescription): CheckResult[] {
  const policy = config['cleanup.policy'] ?? '';
  const largest = Number(config['max.message.bytes']);
  return [
    /compact/.test(policy)
      ? warn(
          `cleanup.policy is ${policy}: of the letters of one key only the last would stay`,
          'SET cleanup.policy=delete',
        )
      : ok(`retention ${retention(config)}`),
    // Kafka's default is for a record of 1 MiB with nothing around it; letters carry headers as well.
    largest < MAX_RECORD_BYTES
      ? bad(
          `max.message.bytes is ${largest}: letters of larger records stay in the table alone`,
          `SET max.message.bytes=${MAX_RECORD_BYTES + ENVELOPE_BYTES}`,
        )
      : ok(`records up to ${largest} bytes`),
  ];
}

function retention(config: Readonly<Record<string, string>>): string {
  const ms = Number(config['retention.ms']);
  const bytes = Number(config['retention.bytes'] ?? -1);
  const time =
    ms < 0 ? 'without end' : ms >= 172_800_000 ? `${Math.floor(ms / 86_400_000)} d` : `${Math.floor(ms / 3_600_000)} h`;
  return bytes < 0 ? time : `${time} or ${bytes} bytes a partition`;
}

function replication(facts: KafkaFacts, { partitions, config }: TopicDescription, brokers: number): CheckResult[] {
  const out: CheckResult[] = [];
  const headless = partitions.filter((p) => p.leader < 0).map((p) => p.partition);
  if (headless.length > 0)
    out.push(bad(`partitions without a leader: ${headless.join(', ')}`, 'Start the brokers that hold them.'));
  const behind = partitions.filter((p) => p.inSync < p.replicas).map((p) => p.partition);
  if (behind.length > 0)
    out.push(
      warn(`replicas that lag behind, of partitions ${behind.join(', ')}`, 'Look after the brokers that hold them.'),
    );
  const replicas = Math.min(...partitions.map((p) => p.replicas));
  const least = Number(config['min.insync.replicas'] ?? 1);
  if (replicas < Math.min(REPLICAS, Math.max(2, brokers)))
    out.push(
      warn(
        `${replicas} ${replicas === 1 ? 'replica' : 'replicas'} on ${brokers} ${brokers === 1 ? 'broker' : 'brokers'}: a lost disk takes its records along`,
        brokers < REPLICAS
          ? `Good enough for trying things out; else run ${REPLICAS} brokers, replication factor ${REPLICAS}, min.insync.replicas 2.`
          : `Make it ${REPLICAS}: ${command(facts, 'reassign-partitions', '--execute --reassignment-json-file FILE')}`,
      ),
    );
  else if (least >= replicas)
    out.push(
      warn(
        `min.insync.replicas is ${least} of ${replicas}: no broker may be away`,
        `SET min.insync.replicas=${Math.max(1, replicas - 1)}`,
      ),
    );
  else if (replicas >= REPLICAS && least < 2)
    out.push(
      warn(
        `min.insync.replicas is ${least}: acknowledged records may be on one disk alone`,
        'SET min.insync.replicas=2',
      ),
    );
  else out.push(ok(`${replicas} replicas`));
  if (replicas > 1 && config['unclean.leader.election.enable'] === 'true')
    out.push(
      warn(
        'unclean.leader.election.enable is on: acknowledged records may vanish',
        'SET unclean.leader.election.enable=false',
      ),
    );
  return out;
}
