import { parseDuration } from '../../../core/config/duration.ts';

/** Parsed YAML. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Files that Grafana reads its alerting from, in the shape of its HTTP API, which is what there are types for
 * (pkg/services/provisioning/alerting of Grafana has the types of the files, in Go). A name that only the API has is kept in a way
 * in which no type knows it, so that it is refused in a file.
 */
export const asInTheApi = {
  RulesFile: (file: Json): Json => organised(file, 'groups', groupOf),
  ContactPointsFile: (file: Json): Json => {
    const { contactPoints, ...rest } = organised(file, 'contactPoints', (point) => point);
    return { ...rest, contactPoints: listOf(contactPoints).flatMap(receiversOf) };
  },
  PoliciesFile: (file: Json): Json => organised(file, 'policies', (policy) => policy),
  TemplatesFile: (file: Json): Json => organised(file, 'templates', (template) => template),
};

/** In a file each thing says whose it is; in the API that is a matter of the request. */
function organised(file: Json, key: string, translate: (thing: Json) => Json): Json {
  const things = listOf(file[key]);
  return {
    ...file,
    orgIds: things.map(({ orgId }) => orgId),
    [key]: things.map(({ orgId: _, ...rest }) => translate(rest)),
  };
}

function groupOf(group: Json): Json {
  const { interval, rules, ...rest } = renamed(group, { name: 'title', folder: 'folderUid' });
  const given = { orgID: 1, folderUID: group.folder, ruleGroup: group.name };
  return {
    ...rest,
    ...(interval === undefined ? {} : { interval: parseDuration(String(interval)) / 1000 }),
    rules: listOf(rules).map((rule) => ({ ...renamed(rule, RULE_NAMES, Object.keys(given)), ...given })),
  };
}

const RULE_NAMES = { keepFiringFor: 'keep_firing_for', missing_series_evals_to_resolve: 'missingSeriesEvalsToResolve' };

/** Receivers of one name are one contact point. Files call Alertmanager's kind otherwise than the types. */
function receiversOf({ name, receivers, ...strange }: Json): Json[] {
  const types = new Map([
    ['prometheus-alertmanager', 'alertmanager'],
    ['alertmanager', ONLY_IN_THE_API('alertmanager')],
  ]);
  return listOf(receivers).map(({ type, ...rest }) => ({
    ...strange,
    ...renamed(rest, {}, ['name']),
    name,
    type: types.get(String(type)) ?? type,
  }));
}

const ONLY_IN_THE_API = (name: string): string => `${name} (of the API)`;

/** With other names; what already has one of them, or one that is `given`, is not understood by the reader of files. */
function renamed(object: Json, names: Readonly<Record<string, string>>, given: readonly string[] = []): Json {
  const strange = new Set([...Object.values(names), ...given]);
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      names[key] ?? (strange.has(key) ? ONLY_IN_THE_API(key) : key),
      value,
    ]),
  );
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value : []);
