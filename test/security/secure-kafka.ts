import { writeFileSync } from 'node:fs';
import path from 'node:path';
import kafkajs, { type Admin } from 'kafkajs';
import { type KafkaNode, startKafka } from '../../cli/services/kafka.ts';
import { findKafka } from '../../cli/services/kafka-jars.ts';
import { systemClock } from '../../core/clock.ts';
import { certificate } from '../certificates.ts';
import { answersAsKafka } from '../kafka.ts';
import { TESTED_VERSION } from '../kafka-source.ts';
import { documentedAcls } from './acls.ts';

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';

export interface SecureKafka {
  node: KafkaNode;
  /** host:port for clients: TLS with a certificate of the authority, SCRAM-SHA-512, and the rights of the page. */
  address: string;
  /** By a listener of its own, for whom everything is allowed. */
  admin: Admin;
}

/**
 * One node in dir/kafka whose clients come by TLS and SCRAM-SHA-512 and may do what docs/reference/security.md gives
 * them. signedBy: name of an authority in the folder. passwords: by user.
 */
export async function startSecureKafka(
  dir: string,
  signedBy: string,
  passwords: Readonly<Record<string, string>>,
  topics: readonly string[],
): Promise<SecureKafka> {
  const pem = certificate(dir, signedBy, 'broker', 'IP:127.0.0.1');
  const keystore = path.join(dir, 'broker.pem');
  writeFileSync(keystore, `${pem.key}${pem.certificate}`, { mode: 0o600 });
  const node = await startKafka({
    program: await findKafka({ version: TESTED_VERSION, clock: systemClock }),
    dir: path.join(dir, 'kafka'),
    listeners: [
      { name: 'ADMIN', protocol: 'PLAINTEXT' },
      { name: 'SECURE', protocol: 'SASL_SSL' },
    ],
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // who comes by the listener without passwords; the controller is one of them
      'super.users': 'User:ANONYMOUS',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      'listener.name.secure.scram-sha-512.sasl.jaas.config': SCRAM,
      'listener.name.secure.ssl.keystore.type': 'PEM',
      'listener.name.secure.ssl.keystore.location': keystore,
    },
    formatArguments: Object.entries(passwords).flatMap(([name, password]) => [
      '--add-scram',
      `SCRAM-SHA-512=[name=${name},password=${password}]`,
    ]),
    jvmOptions: ['-Xmx384m', '-XX:TieredStopAtLevel=1'],
    ready: (address) => answersAsKafka([address]),
    clock: systemClock,
  });
  const kafka = new kafkajs.Kafka({ brokers: [node.address], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1 })) });
  await admin.createAcls({ acl: documentedAcls() });
  return { node, address: node.addresses.SECURE!, admin };
}
