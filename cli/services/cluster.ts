import { connect } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { rootConfig } from '../../core/config/root.ts';
import { fail, orThrow } from '../../core/errors.ts';
import { SILENT } from '../../ingest/kafka/ports.ts';
import { kafkaSettings } from '../../ingest/kafka/settings.ts';
import { type Cluster, openKafka } from '../../ingest/kafka.ts';

const CONNECT_TIMEOUT_MS = 1_000;
/** Nobody is a member of it: describing it asks a coordinator, and makes Kafka create its topic of offsets. */
const PROBE_GROUP = 'tidewatch-ready';

/** A cluster on this machine without encryption or passwords; what kafkajs logs of it is dropped. */
export function plainCluster(address: string, clock: Clock): Cluster {
  const config = { ...rootConfig.parse({}).kafka, brokers: [address] };
  return openKafka(orThrow(kafkaSettings(config, (path) => fail('file_missing', path))), SILENT, clock);
}

/** Whether a broker answers for its cluster and for a group: for some seconds after its start it does not. */
export async function answersAsBroker(address: string, clock: Clock): Promise<boolean> {
  // Asked first, since the client would wait and try again.
  if (!(await accepts(address))) return false;
  const admin = await plainCluster(address, clock).admin();
  try {
    return (await admin.cluster()).ok && (await admin.group(PROBE_GROUP)).ok;
  } finally {
    await admin.close();
  }
}

function accepts(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => answer(false));
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
