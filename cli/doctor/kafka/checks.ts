import { ERRORS } from '../../../core/errors.ts';
import { bad, type Check } from '../check.ts';
import { advertisedCheck, brokersCheck } from './brokers.ts';
import { databaseCheck, rolesCheck, settingsCheck, tablesCheck } from './database.ts';
import type { KafkaFacts } from './facts.ts';
import { groupCheck } from './group.ts';
import { modelCheck } from './models.ts';
import { progressCheck } from './progress.ts';
import { lostCheck, splitCheck } from './telemetry.ts';
import { timesCheck } from './times.ts';
import { deadLetterTopicCheck, topicCheck } from './topics.ts';

/** Everything that workers on Kafka and PostgreSQL depend on, in the order in which it is told. */
export function kafkaChecks(facts: KafkaFacts): Check[] {
  const { streams } = facts;
  const each = (make: (stream: Parameters<typeof topicCheck>[1]) => Check) =>
    streams.ok ? streams.value.map(make) : [];
  const none: Check[] = streams.ok
    ? []
    : [{ name: 'streams', run: () => bad(streams.fault.detail, ERRORS[streams.fault.code][1]) }];
  return [
    ...none,
    brokersCheck(facts),
    advertisedCheck(facts),
    ...each((stream) => topicCheck(facts, stream)),
    deadLetterTopicCheck(facts),
    groupCheck(facts),
    databaseCheck(facts),
    settingsCheck(facts),
    tablesCheck(facts),
    rolesCheck(facts),
    timesCheck(facts),
    ...each((stream) => progressCheck(facts, stream)),
    ...each((stream) => modelCheck(facts, stream)),
    splitCheck(facts),
    lostCheck(facts),
  ];
}
