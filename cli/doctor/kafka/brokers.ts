import { ERRORS, type Fault } from '../../../core/errors.ts';
import type { KafkaSettings } from '../../../ingest/kafka/ports.ts';
import { type BrokerAnswer, probe } from '../../../ingest/kafka/probe.ts';
import { connect, readSettings } from '../../transfer/connect.ts';
import { bad, type Check, type CheckResult, ok, skip, warn } from '../check.ts';
import type { KafkaFacts } from './facts.ts';

const REMEDIES: Readonly<Record<string, string>> = {
  broker_unavailable: 'Start it, or correct kafka.brokers; from containers, 127.0.0.1 is the container itself.',
  file_missing: 'Check kafka.caFile, kafka.certFile and kafka.keyFile.',
};

const remedyOf = ({ code }: Fault): string => REMEDIES[code] ?? ERRORS[code][1];

/** Each of kafka.brokers: whether it is there, speaks as agreed, and lets our user in. */
export const brokersCheck = (facts: KafkaFacts): Check => ({
  name: 'Kafka brokers',
  async run() {
    const { kafka } = facts.config;
    const settings = readSettings(kafka);
    if (!settings.ok) return bad(settings.fault.detail, remedyOf(settings.fault));
    return weighed(await Promise.all(kafka.brokers.map((address) => one(facts, settings.value, address))));
  },
});

/** The addresses that brokers tell their clients to use: all that matters after the first question. */
export const advertisedCheck = (facts: KafkaFacts): Check => ({
  name: 'advertised listeners',
  async run() {
    const cluster = await facts.cluster();
    const settings = readSettings(facts.config.kafka);
    if (!cluster.ok || !settings.ok) return skip('not looked at: Kafka does not let us in');
    const addresses = cluster.value.brokers.map(({ host, port }) =>
      host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    );
    const others = addresses.filter((address) => !facts.config.kafka.brokers.includes(address));
    if (others.length === 0) return ok(`${addresses.length === 1 ? 'as' : 'all as'} in kafka.brokers`);
    const results = await Promise.all(others.map((address) => one(facts, settings.value, address)));
    return weighed(results).map((result) =>
      result.status === 'fail'
        ? bad(
            `brokers tell clients to use ${result.found}`,
            "Set advertised.listeners of that broker to an address that this machine reaches, and its certificate's name.",
          )
        : result,
    );
  },
});

/** One address out of several may be away: that is a warning. */
function weighed(results: readonly CheckResult[]): CheckResult[] {
  const some = results.some((r) => r.status !== 'fail');
  return results.map((r) => (r.status === 'fail' && some ? warn(r.found, r.remedy ?? '') : r));
}

async function one(facts: KafkaFacts, settings: KafkaSettings, address: string): Promise<CheckResult> {
  const refused = (fault: Fault) => bad(`${address}: ${fault.detail}`, remedyOf(fault));
  const answer = await probe(address, settings);
  if (!answer.ok) return refused(answer.fault);
  const admin = await connect({ ...facts.config.kafka, brokers: [address] }).admin();
  try {
    const entered = await admin.cluster();
    return entered.ok ? welcome(address, answer.value, settings) : refused(entered.fault);
  } finally {
    await admin.close();
  }
}

function welcome(address: string, { version, known, tls }: BrokerAnswer, { sasl }: KafkaSettings): CheckResult {
  const secured = `${tls ? `, ${tls}` : ''}${sasl ? `, ${sasl.mechanism} as ${sasl.username}` : ''}`;
  const found = `${address} answers, Kafka ${version}${secured}`;
  return known ? ok(found) : warn(found, 'Kafka 3.9 and 4.1 are tested; older ones may do.');
}
