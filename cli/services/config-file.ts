import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { rootConfig } from '../../core/config/root.ts';
import { TidewatchError } from '../../core/errors.ts';
import { loadConfig } from '../load-config.ts';

/** What a configuration must say so that the other commands use these services. */
export interface Wanted {
  /** host:port of the broker. */
  broker: string;
  /** File that holds the URL of the database, as the configuration names it. */
  urlFile: string;
  url: string;
  /** With Alertmanager: the file with the secret of POST /alerts, and the secret. */
  alerts?: { secretFile: string; secret: string };
}

export const TELEMETRY = 'telemetry';

const wantedKeys = ({ broker, urlFile, alerts }: Wanted) => ({
  kafka: { brokers: broker },
  database: { urlFile },
  ...(alerts && { alerts: { secretFile: alerts.secretFile } }),
});

/** The whole file: the stream of telemetry, from Kafka alone. */
export const configText = (
  wanted: Wanted,
): string => `# Written by \`tidewatch services\`, once: yours to change. docs/reference/config.md has every key.
${stringify(wantedKeys(wanted))}# This machine's metrics and the demo fleet are for \`tidewatch up\`.
sources:
  host:
    enabled: false
  demo:
    enabled: false
streams:
  - name: ${TELEMETRY}
    topic: ${TELEMETRY}
`;

/** The lines to put into a file that is there already. */
export const wantedLines = (wanted: Wanted): string[] => stringify(wantedKeys(wanted)).trimEnd().split('\n');

/** Writes the file unless it exists; with force also over it. Whether it was written. */
export function writeConfig(file: string, wanted: Wanted, force: boolean): boolean {
  try {
    writeFileSync(file, configText(wanted), { flag: force ? 'w' : 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export interface Reading {
  /** What keeps the other commands from these services; null when nothing does. */
  problem: string | null;
  /** Topics of its streams, and of dead letters; null where they go to the table alone. */
  topics: readonly string[];
  deadLetterTopic: string | null;
}

/** What the file, with the environment, says to the other commands. */
export function readConfig(file: string, wanted: Wanted): Reading {
  try {
    const { config } = loadConfig({ file });
    const brokers = config.kafka.brokers.includes(wanted.broker);
    const database = config.database.url === wanted.url;
    const alerts = wanted.alerts === undefined || config.alerts.secret === wanted.alerts.secret;
    const others = [
      ...(brokers ? [] : ['another broker']),
      ...(database ? [] : ['another database']),
      ...(alerts ? [] : [config.alerts.secret === undefined ? 'no secret of alerts' : 'another secret of alerts']),
    ];
    return {
      problem: others.length > 0 ? `names ${others.join(' and ')}` : null,
      topics: [...new Set([TELEMETRY, ...config.streams.map((stream) => stream.topic)])],
      deadLetterTopic: config.kafka.deadLetterTopic,
    };
  } catch (error) {
    if (!(error instanceof TidewatchError)) throw error;
    const { deadLetterTopic } = rootConfig.parse({}).kafka;
    return { topics: [TELEMETRY], deadLetterTopic, problem: `cannot be used (${error.detail.replaceAll('\n', '; ')})` };
  }
}

/** The URL or secret that an earlier start wrote; null without one. */
export function readSecret(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
