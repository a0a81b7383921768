import { formatDuration } from '../../core/config/duration.ts';
import { FIGURES } from '../../core/figures.ts';
import type { Trigger, TriggerAction } from '../../core/triggers.ts';
import type { CompiledRule, RuleOptions } from './rule.ts';

/** Grafana's templates cannot ask for more than what the rule's own query has found. */
export type Dialect = 'prometheus' | 'grafana';

const DOES: Record<TriggerAction, string> = {
  look: 'writes it down for people to look at, and changes nothing',
  page: 'tells people, and changes nothing',
  hold: 'holds: nothing is trained, calibrated or changed until it is cleared up',
  recalibrate: 'calibrates the scores anew',
  fall_back: 'lets the fallback serve',
  disable_forest: 'lets robust z serve in place of the forest',
  retrain: 'trains a new model, which serves if it is no worse',
  roll_back: 'puts the former champion back',
};

const STREAM = '{{ $labels.stream }}';

/** Text as it is, where a template or an environment variable might be seen in it. */
const literal = (text: string): string => text.replaceAll('{{', '{{ "{{" }}').replaceAll('${', '{{ "$" }}{');

/** What an alert says: what, where, since when, by what evidence, why, what is done about it, and where to read on. */
export function annotationsOf(rule: CompiledRule, { consoleUrl }: Pick<RuleOptions, 'consoleUrl'>, dialect: Dialect) {
  const { title, means, streams, trigger } = rule;
  const where = streams.length === 0 ? '' : `${STREAM}: `;
  const console = `${consoleUrl}${rule.console.replaceAll('{stream}', STREAM)}`;
  return {
    summary: `${where}${literal(title)}`,
    description: literal(means),
    ...(trigger === null ? {} : aboutTrigger(rule, trigger, consoleUrl, dialect)),
    runbook_url: runbookOf(rule.runbook, consoleUrl),
    console_url: console,
  };
}

function aboutTrigger(rule: CompiledRule, trigger: Trigger, consoleUrl: string, dialect: Dialect) {
  const held = formatDuration(trigger.forMs);
  const lasts = trigger.forMs === 0 ? 'It acts at once' : `It acts when the condition has held for ${held}`;
  const since = `${lasts}; held since${dialect === 'prometheus' ? ` ${activeSince(trigger)}` : ': see the start of the alert'}.`;
  const cause =
    dialect === 'prometheus'
      ? `${asked(`tidewatch_cause{stream=%q} == 1`, `{{ . | first | label "cause" }}`, 'unknown')}`
      : `see ${consoleUrl}/#/drift/${STREAM}`;
  return {
    since,
    evidence: evidenceOf(rule, trigger, dialect),
    cause,
    action: `${actionOf(trigger)}${dialect === 'prometheus' ? decidedOf(trigger) : ''} ${consoleUrl}/#/decisions`,
  };
}

/** Whatever a query of Prometheus finds for the stream of the alert. */
const asked = (query: string, found: string, otherwise: string): string =>
  `{{ with printf ${quoted(query)} $labels.stream | query }}${found}{{ else }}${otherwise}{{ end }}`;
const quoted = (text: string): string => `"${text.replaceAll('"', '\\"')}"`;

const activeSince = ({ name }: Trigger): string =>
  asked(`min(ALERTS_FOR_STATE{alertname="${name}", stream=%q})`, '{{ . | first | value | humanizeTimestamp }}', 'now');

const decidedOf = ({ name }: Trigger): string =>
  ` It has decided, since it started: ${asked(
    `sum by (action, result) (tidewatch_decisions_total{stream=%q, trigger="${name}"}) > 0`,
    '{{ range . }}{{ .Labels.action }} ({{ .Labels.result }}, {{ .Value }}) {{ end }}',
    'nothing',
  )}.`;

function actionOf({ action, otherwise, causes, dryRun }: Trigger): string {
  const who = dryRun ? 'the controller would act, were this not a dry run: it' : 'the controller';
  const what = `${who} ${DOES[action]}.`;
  const instead = otherwise === undefined ? '' : ` If budget, rest or data forbid that, it ${DOES[otherwise]}.`;
  if (causes === undefined) return `Whatever the cause, ${what}${instead}`;
  return `If the cause is one of ${causes.join(', ')}, ${what}${instead} For any other cause it only writes down why it holds back.`;
}

function evidenceOf({ measured }: CompiledRule, trigger: Trigger, dialect: Dialect): string {
  const { figure, span, comparison, limit } = trigger;
  const time = FIGURES[figure].unit === 'milliseconds';
  const value = dialect === 'prometheus' ? '$value' : '.Value';
  const number = time ? `{{ ${value} | humanizeDuration }}` : `{{ ${value} | printf "%.4g" }}`;
  const shown = dialect === 'prometheus' ? number : `{{ with $values.A }}${number}{{ end }}`;
  const said = `${figure} over the ${span} is ${shown}, ${COMPARED[comparison]} ${limitText(trigger, measured)}`;
  if (dialect === 'grafana' || (!measured && typeof limit === 'number')) return `${said}.`;
  const selector = `tidewatch_figure_limit{stream=%q, figure="${figure}", span="${span}"}`;
  const limits = asked(`sort(${selector})`, '{{ range . }} {{ .Value | printf "%.4g" }}{{ end }}', ' unknown');
  return `${said}; measured:${limits}.`;
}

const COMPARED = { '>': 'above', '<': 'below', outside: 'outside of' } as const;

function limitText({ limit, figure }: Trigger, measured: boolean): string {
  if (limit === 'band') return 'its band';
  if (limit === 'measured') return 'its limit';
  const text = FIGURES[figure].unit === 'milliseconds' ? formatDuration(limit) : String(limit);
  return measured ? `${text} and its measured limit` : text;
}

function runbookOf(runbook: string, consoleUrl: string): string {
  if (/^https?:\/\//.test(runbook)) return literal(runbook);
  return `${consoleUrl}/runbooks${runbook === '' ? '' : `/${encodeURIComponent(runbook)}`}`;
}

/** Few, and closed lists all of them. `action` tells what goes to the monitor. */
export const labelsOf = ({ severity, trigger, streams, ownLabels }: CompiledRule): Record<string, string> => ({
  severity,
  ...(trigger === null ? {} : { action: trigger.action }),
  ...(ownLabels && streams.length === 1 ? { stream: streams[0]! } : {}),
});
