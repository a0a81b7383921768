import type { BuildOptions } from './options.ts';
import { PROMETHEUS_UID } from './rules/index.ts';
import { yamlFile } from './rules/yaml.ts';
import { DATA_SOURCES } from './variable.ts';

/** How long Grafana waits between two scrapes that it expects: it makes the rate interval from it. */
export const SCRAPE_SECONDS = 15;
const SECRET = '$__file{/run/secrets/grafana_password}';

/** grafana/provisioning/datasources/tidewatch.yaml: read-only, by the names and uids that the dashboards expect. */
export function dataSources({ prometheusUrl, postgres }: BuildOptions): string {
  return yamlFile({
    apiVersion: 1,
    prune: true,
    datasources: [
      {
        name: DATA_SOURCES.prometheus,
        uid: PROMETHEUS_UID,
        type: 'prometheus',
        access: 'proxy',
        url: prometheusUrl,
        isDefault: true,
        editable: false,
        jsonData: { httpMethod: 'POST', timeInterval: `${SCRAPE_SECONDS}s` },
      },
      {
        name: DATA_SOURCES.postgres,
        uid: 'tidewatch-postgres',
        type: 'grafana-postgresql-datasource',
        access: 'proxy',
        url: postgres.host,
        user: postgres.user,
        editable: false,
        // a file, so that the password is in no environment
        secureJsonData: { password: SECRET },
        jsonData: {
          database: postgres.database,
          sslmode: postgres.sslmode,
          maxOpenConns: 10,
          maxIdleConns: 2,
          connMaxLifetime: 3600,
          postgresVersion: 1500,
          timescaledb: false,
        },
      },
    ],
  });
}

/** grafana/provisioning/dashboards/tidewatch.yaml: where Grafana finds them. */
export const dashboardProvider = (): string =>
  yamlFile({
    apiVersion: 1,
    providers: [
      {
        name: 'tidewatch',
        orgId: 1,
        folder: 'Tidewatch',
        folderUid: 'tidewatch',
        type: 'file',
        disableDeletion: true,
        allowUiUpdates: false,
        updateIntervalSeconds: 60,
        options: { path: '/etc/grafana/dashboards', foldersFromFilesStructure: false },
      },
    ],
  });
