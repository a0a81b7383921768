import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { type DashboardLink, DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { ref } from './sql.ts';

/** Every dashboard, in the order of the links between them. */
export const DASHBOARDS = {
  overview: { uid: 'tidewatch-overview', title: 'Tidewatch overview' },
  entity: { uid: 'tidewatch-entity', title: 'Tidewatch entity' },
  drift: { uid: 'tidewatch-drift', title: 'Tidewatch drift and calibration' },
  models: { uid: 'tidewatch-models', title: 'Tidewatch models and decisions' },
  pipeline: { uid: 'tidewatch-pipeline', title: 'Tidewatch pipeline' },
} as const;
export type DashboardName = keyof typeof DASHBOARDS;
/** By which the bar of links above each dashboard finds the others. */
export const TAG = 'tidewatch';

const SAME_TIME = ref('__url_time_range');

/** A column of the row that was clicked. */
export const cell = (column: string): string => ref(`__data.fields["${column}"]`, 'percentencode');

const link = (title: string, url: string, away = false): Builder<DashboardLink> =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(away);

/** To another dashboard at the same time, with variables set. Values are the caller's to encode: cell() does. */
export function toDashboard(name: DashboardName, variables: Readonly<Record<string, string>> = {}, title?: string) {
  const { uid, title: own } = DASHBOARDS[name];
  const query = Object.entries(variables).map(([key, value]) => `var-${key}=${value}&`);
  return link(title ?? own, `/d/${uid}?${query.join('')}${SAME_TIME}`);
}

/** To a page of the console, in a tab of its own. */
export const toConsole = (consoleUrl: string, path: string, title: string): Builder<DashboardLink> =>
  link(title, `${consoleUrl}${path}`, true);

/** Where one sees it: the SDK would put it into a menu. */
const inTheOpen = (builder: Builder<DashboardLink>): Builder<DashboardLink> => ({
  build: () => {
    const { placement: _, ...rest } = builder.build();
    return rest;
  },
});

/** The bar above each dashboard: the other dashboards, and the console. */
export const barOf = (consoleUrl: string, path: string): Builder<DashboardLink>[] =>
  [
    new DashboardLinkBuilder('Dashboards')
      .type(DashboardLinkType.Dashboards)
      .tags([TAG])
      .asDropdown(true)
      .includeVars(true)
      .keepTime(true)
      .icon('external link'),
    new DashboardLinkBuilder('Console')
      .type(DashboardLinkType.Link)
      .url(`${consoleUrl}${path}`)
      .tooltip('The same in the console, which can act too')
      .icon('external link')
      .targetBlank(true),
  ].map(inTheOpen);

/** Of a row with Stream and Entity. */
export const entityLink = () =>
  toDashboard('entity', { stream: cell('Stream'), entity: cell('Entity') }, 'Values against what was expected');

/** Of a row with Decision. */
export const decisionLink = (consoleUrl: string) =>
  toConsole(consoleUrl, `/#/decisions/${cell('Decision')}`, 'Evidence, in the console');

/** Of a row with Runbook. */
export const runbookLink = (consoleUrl: string) =>
  toConsole(consoleUrl, `/runbooks/${cell('Runbook')}`, 'Open the runbook');
