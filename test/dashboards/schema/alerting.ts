import { queryOf } from './dashboard.ts';
import { closed, type Schema, Types } from './derive.ts';
import { asInTheApi, type Json } from './files.ts';
import { type Complain, complaints, fileOf } from './types.ts';

/** What kinds of queries a rule has, by their data source. */
const QUERIES = { prometheus: 'prometheus.Dataquery', __expr__: 'expr.expr' };
/** As Prometheus' model.ParseDuration reads it, which Grafana reads these with. */
const DURATION = { type: 'string', pattern: '^(0|(\\d+(ms|s|m|h|d|w|y))+)$' };
/** Lengths that the JSON Schemas of Grafana's repository have, and types cannot have. */
const UID = { type: 'string', minLength: 1, maxLength: 40 };
const TITLE = { type: 'string', minLength: 1, maxLength: 190 };

/** What stands where the types leave something open, with the reason where they say something. */
const INSTEAD: Readonly<Record<string, Schema>> = {
  'alerting.Query.model': queryOf(QUERIES),
  'alerting.Json': { $ref: '#/$defs/own.AlertmanagerSettings' },
  // Grafana's own note of what fired last, where a threshold has a second limit for going back
  'expr.TypeThreshold.conditions.loadedDimensions': false,
  // A number by the type; Grafana's reader of files takes whole ones alone (RelativeTimeRange, in pkg/services/ngalert/models).
  'alerting.Duration': { type: 'integer', minimum: 0 },
  // Any text by the types.
  'alerting.Rule.uid': UID,
  'alerting.ContactPoint.uid': UID,
  'alerting.Rule.title': TITLE,
  'alerting.Rule.ruleGroup': TITLE,
  'alerting.Rule.for': DURATION,
  'alerting.Rule.keep_firing_for': DURATION,
  'alerting.NotificationPolicy.group_wait': DURATION,
  'alerting.NotificationPolicy.group_interval': DURATION,
  'alerting.NotificationPolicy.repeat_interval': DURATION,
};

/** What need not be there by the types, which serve changes of a part too, and without which Grafana refuses a file. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'alerting.RuleGroup': ['title', 'folderUid', 'interval', 'rules'],
  'alerting.Rule': ['uid'],
  'alerting.Query': ['refId', 'datasourceUid', 'model', 'relativeTimeRange'],
  'alerting.RelativeTimeRange': ['from', 'to'],
  'alerting.ContactPoint': ['name', 'uid'],
  'alerting.NotificationTemplate': ['name', 'template'],
};

export type FileKind = keyof typeof asInTheApi;

/** A check of each kind of file in grafana/provisioning/alerting, which takes it as it was parsed. */
export function alertingSchema(): { complain: (kind: FileKind, file: Json) => string[]; types: Types } {
  const types = new Types(fileOf, INSTEAD);
  const kinds = Object.keys(asInTheApi) as FileKind[];
  const roots = kinds.map((kind) => [kind, types.ref(`own.${kind}`)] as const);
  for (const name of [...Object.values(QUERIES), 'own.AlertmanagerSettings']) types.ref(name);
  const stricter = Object.fromEntries(
    Object.entries(NEEDED).map(([name, needed]) => {
      const { properties, required } = types.members(name);
      return [name, closed({ properties, required: [...new Set([...required, ...needed])] })];
    }),
  );
  const checks = new Map<FileKind, Complain>(roots.map(([kind, root]) => [kind, complaints(types, root, stricter)]));
  const complain = (kind: FileKind, file: Json): string[] => {
    const translated = asInTheApi[kind](file);
    return [...checks.get(kind)!(translated), ...(kind === 'RulesFile' ? aboutRules(translated) : [])];
  };
  return { complain, types };
}

interface Rule {
  title: string;
  condition: string;
  data: { refId: string; datasourceUid: string; relativeTimeRange: { from: number; to: number } }[];
}

/** What no type can say, and Grafana refuses. */
function aboutRules({ groups }: Json): string[] {
  const out: string[] = [];
  for (const { title, condition, data } of (groups as { rules: Rule[] }[]).flatMap(({ rules }) => rules)) {
    if (!data.some(({ refId }) => refId === condition)) out.push(`${title}: the condition ${condition} is no query`);
    for (const { refId, datasourceUid, relativeTimeRange } of data)
      if (datasourceUid !== '__expr__' && !(relativeTimeRange?.from > relativeTimeRange?.to))
        out.push(`${title}: the time range of ${refId} ends before it begins`);
  }
  return out;
}
