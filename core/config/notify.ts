import { z } from 'zod';
import { URGENCIES } from '../triggers.ts';

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a lower-case name of letters, digits, _ and -');
const path = z.string().min(1).max(4096);
const secretOf = (what: string) =>
  z
    .string()
    .min(16, 'a secret of at least 16 characters')
    .max(1024)
    .optional()
    .meta({
      description: `${what} Better kept in a file.`,
      secret: true,
    });

/** Who is told of incidents and of what the monitor decides. */
export const notifyConfig = z.strictObject({
  secret: secretOf('Signs what is sent, so that receivers know that it comes from here.'),
  secretFile: path.optional().describe('File whose text is the secret.'),
  allowHosts: z
    .array(z.string().min(1).max(253))
    .max(64)
    .default([])
    .describe('Hosts that may be called; every public one if left out.'),
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('Whether receivers may be in a private network. Otherwise addresses of one are refused.'),
  consoleUrl: z
    .string()
    .regex(/^https?:\/\//, 'a URL such as https://tidewatch.example.org')
    .default('http://127.0.0.1:8484')
    .describe('Where people reach the console; for the links in notifications.'),
  receivers: z
    .array(
      z.strictObject({
        name: name.describe('Name of the receiver.'),
        url: z.string().min(1).max(2048).describe('Where a message is posted, in the format of Alertmanager webhooks.'),
        urgencies: z
          .array(z.enum(URGENCIES))
          .min(1)
          .default(['page', 'ticket'])
          .describe('Which decisions it is told of.'),
        incidents: z.boolean().default(true).describe('Whether it is told of incidents.'),
      }),
    )
    .max(16)
    .default([])
    .describe('Receivers of notifications.'),
});

/** Alerts that Grafana and Alertmanager send to us. */
export const alertsConfig = z.strictObject({
  secret: secretOf(
    'With which POST /alerts must be signed, or which it bears as token. Without it the address is shut.',
  ),
  secretFile: path.optional().describe('File whose text is the secret.'),
});

const share = z.number().min(0);
/** Keeps notifications of small or unwanted deviations back. Never changes a verdict or an incident. */
export const suppressRule = z.strictObject({
  name: name.describe('Name of the rule, which a suppressed incident shows.'),
  entity: z.string().min(1).max(256).default('*').describe('Entities it is for; * stands for any run of characters.'),
  metric: z.string().min(1).max(256).default('*').describe('Metrics it is for; the same.'),
  direction: z
    .enum(['both', 'above', 'below'])
    .default('both')
    .describe('Deviations that are wanted; those in the other direction are kept back.'),
  minAbsolute: share
    .default(0)
    .describe("Smaller deviations from the expected band, in the metric's unit, are kept back."),
  minRelative: share.default(0).describe("Smaller ones as a share of the band's edge are kept back."),
});
export type SuppressRule = z.output<typeof suppressRule>;
export type NotifyConfig = z.output<typeof notifyConfig>;
