import { z } from 'zod';
import { duration } from './duration.ts';
import { kafkaConfig } from './kafka.ts';
import { alertsConfig, notifyConfig } from './notify.ts';
import { byteSize } from './size.ts';
import { streamConfig } from './stream.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** The stream that each source feeds; POSTs that name no other stream go to the last one. */
export const SOURCE_STREAMS = { host: 'host', demo: 'demo', http: 'telemetry' } as const;

/** Hosts on which only this machine can call; everywhere else a token is needed. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

const enabled = (what: string) => z.boolean().default(true).describe(`Whether ${what}.`);
const folder = z.string().min(1).max(4096);

const httpConfig = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(255)
    .default('127.0.0.1')
    .describe('Address to listen on. Anything but a loopback address needs a token.'),
  port: z.int().min(0).max(65_535).default(8484).describe('Port to listen on; 0 takes a free one.'),
  token: z.string().min(16, 'a token of at least 16 characters').max(1024).optional().meta({
    description: 'Token that callers send as `Authorization: Bearer TOKEN`. Better kept in a file.',
    secret: true,
  }),
  tokenFile: folder.optional().describe('File whose text is the token.'),
  maxBodyBytes: byteSize(1024, GIB)
    .default(8 * MIB)
    .describe('Largest body that the receivers accept, before and after decompression.'),
});

const sourcesConfig = z.strictObject({
  host: z
    .strictObject({
      enabled: enabled("this machine's own metrics are read, into the stream `host`"),
      interval: duration(100, HOUR_MS).default(SECOND_MS).describe('Time between two readings.'),
    })
    .transform((s) => ({ enabled: s.enabled, intervalMs: s.interval }))
    .prefault({}),
  demo: z
    .strictObject({
      enabled: enabled('the demo fleet of twelve services runs, into the stream `demo`'),
      step: duration(100, HOUR_MS)
        .default(5 * SECOND_MS)
        .describe('Event time between two samples of a service.'),
      seed: z.int().min(0).max(0xffffffff).default(1).describe('Seed of everything that happens to the fleet.'),
      history: duration(0, 31 * DAY_MS)
        .default(DAY_MS)
        .describe('Length of the history that trains its first model at the first start.'),
    })
    .transform((s) => ({ enabled: s.enabled, stepMs: s.step, seed: s.seed, historyMs: s.history }))
    .prefault({}),
  http: z.strictObject({ enabled: enabled('telemetry is taken by HTTP, into the stream `telemetry`') }).prefault({}),
});

const logConfig = z
  .strictObject({
    dir: folder.optional().describe('Folder of the record log of the embedded setting. Default: `log` in dataDir.'),
    maxBytes: byteSize(16 * MIB, 1024 * GIB)
      .default(GIB)
      .describe('Size of a partition above which its oldest segments are removed.'),
    maxAge: duration(60_000, 366 * DAY_MS)
      .default(7 * DAY_MS)
      .describe('Age above which segments are removed.'),
  })
  .transform((l) => ({ dir: l.dir, maxBytes: l.maxBytes, maxAgeMs: l.maxAge }));

const databaseConfig = z.strictObject({
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'a URL such as postgres://USER:PASSWORD@HOST:5432/DATABASE')
    .optional()
    .meta({ description: 'A PostgreSQL to use in place of the embedded one. Better kept in a file.', secret: true }),
  urlFile: folder.optional().describe('File whose text is the URL.'),
  dir: folder.optional().describe('Folder of the embedded PostgreSQL. Default: dataDir.'),
});

/** The whole of tidewatch.yaml. Every key has a default but the name of a stream. */
export const rootConfig = z
  .strictObject({
    dataDir: folder.default('.tidewatch').describe('Folder of everything that is kept.'),
    logLevel: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('The least severe messages that are logged.'),
    http: httpConfig.prefault({}),
    sources: sourcesConfig.prefault({}),
    log: logConfig.prefault({}),
    kafka: kafkaConfig.prefault({}),
    database: databaseConfig.prefault({}),
    checkpoint: z
      .strictObject({
        interval: duration(50, 60_000).default(SECOND_MS).describe('Time between two checkpoints of a partition.'),
      })
      .transform((c) => ({ intervalMs: c.interval }))
      .prefault({}),
    retention: z
      .strictObject({
        verdicts: duration(HOUR_MS, 3660 * DAY_MS)
          .default(30 * DAY_MS)
          .describe("How long verdicts are kept, counted back from their stream's newest event time."),
      })
      .transform((r) => ({ verdictsMs: r.verdicts }))
      .prefault({}),
    notify: notifyConfig.prefault({}),
    alerts: alertsConfig.prefault({}),
    streams: z
      .array(streamConfig)
      .max(64)
      .default([])
      .describe('The streams. Each enabled source has its own with all defaults, unless one of that name is listed.'),
  })
  .superRefine((config, context) => {
    const seen = new Set<string>();
    for (const [i, { name }] of config.streams.entries()) {
      if (seen.has(name))
        context.addIssue({ code: 'custom', path: ['streams', i, 'name'], message: 'a name of its own' });
      seen.add(name);
    }
    for (const [section, key] of [
      ['http', 'token'],
      ['database', 'url'],
      ['kafka', 'password'],
      ['notify', 'secret'],
      ['alerts', 'secret'],
    ] as const) {
      const values: Record<string, unknown> = config[section];
      if (values[key] !== undefined && values[`${key}File`] !== undefined)
        context.addIssue({ code: 'custom', path: [section, key], message: `either ${key} or ${key}File, not both` });
    }
    const { username, password, passwordFile, mechanism, tls, certFile, keyFile } = config.kafka;
    if (username !== undefined && password === undefined && passwordFile === undefined)
      context.addIssue({ code: 'custom', path: ['kafka', 'username'], message: 'a passwordFile beside it' });
    if (username !== undefined && mechanism === 'plain' && !tls)
      context.addIssue({
        code: 'custom',
        path: ['kafka', 'mechanism'],
        message: 'kafka.tls with plain, or scram-sha-512',
      });
    if ((certFile === undefined) !== (keyFile === undefined))
      context.addIssue({ code: 'custom', path: ['kafka', 'certFile'], message: 'certFile and keyFile together' });
    const { host, token, tokenFile } = config.http;
    if (!isLoopback(host) && token === undefined && tokenFile === undefined)
      context.addIssue({
        code: 'custom',
        path: ['http', 'host'],
        message: 'a loopback address such as 127.0.0.1, or else http.tokenFile with a token for callers',
      });
  })
  .transform((config) => {
    const listed = new Set(config.streams.map((s) => s.name));
    const added = (['host', 'demo', 'http'] as const)
      .filter((source) => config.sources[source].enabled && !listed.has(SOURCE_STREAMS[source]))
      .map((source) => streamConfig.parse({ name: SOURCE_STREAMS[source] }));
    return {
      ...config,
      log: { ...config.log, dir: config.log.dir ?? `${config.dataDir}/log` },
      database: { ...config.database, dir: config.database.dir ?? config.dataDir },
      streams: [...config.streams, ...added],
    };
  });

export type Config = z.output<typeof rootConfig>;
export type LogLevel = Config['logLevel'];
