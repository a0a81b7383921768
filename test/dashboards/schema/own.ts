import type * as alerting from '@grafana/grafana-foundation-sdk/alerting';
import type * as common from '@grafana/grafana-foundation-sdk/common';

/** What Grafana publishes no types for, in the same way; derive.ts reads them as it reads those. */

/** A query of Grafana's SQL data sources that was written as text. */
export interface SqlQuery {
  datasource: common.DataSourceRef;
  refId: string;
  editorMode: 'code';
  rawQuery: true;
  rawSql: string;
  format: 'table' | 'time_series';
}

/** Settings of a contact point that hands alerts to Alertmanager. No password: it would stand in the file. */
export interface AlertmanagerSettings {
  url: string;
}

/** Files of grafana/provisioning/alerting with the names of the types; alerting.ts translates. Organisation 1 is all there is. */
export interface RulesFile {
  apiVersion: 1;
  orgIds: 1[];
  groups: alerting.RuleGroup[];
}
export interface ContactPointsFile {
  apiVersion: 1;
  orgIds: 1[];
  contactPoints: alerting.ContactPoint[];
}
export interface PoliciesFile {
  apiVersion: 1;
  orgIds: 1[];
  policies: alerting.NotificationPolicy[];
}
export interface TemplatesFile {
  apiVersion: 1;
  orgIds: 1[];
  templates: alerting.NotificationTemplate[];
}
