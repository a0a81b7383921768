import { beforeAll, expect, it } from 'vitest';
import { ensureRoles } from '../../store/roles.ts';
import { testDatabase } from '../postgres.ts';
import { fillAll } from './fill-all.ts';
import { loginOf } from './logins.ts';
import { T0 } from './monitor-make.ts';

const database = await testDatabase();
await ensureRoles(database.pool);
const grafana = (await loginOf(database, 'tidewatch_grafana')).pool;

beforeAll(() => fillAll(database.pool, database.pool));

it('shows Grafana figures, features, decisions and who serves, as numbers and times', async () => {
  const rows = async (query: string) => (await grafana.query(query)).rows;
  const at = { stream: 'hosts', time: new Date(T0) };
  expect(await rows("SELECT * FROM grafana.figures WHERE span = 'grain' ORDER BY figure")).toMatchObject([
    { ...at, figure: 'alert_rate_ratio', value: 1.5, status: 'ok', limit_value: null, band_low: 0.2, band_high: 5 },
    { ...at, figure: 'drift', value: 0.1 + 0.2, status: 'warn', limit_value: 1, band_low: null },
    { ...at, figure: 'ece', value: null, status: 'unknown', limit_value: null },
  ]);
  expect(await rows('SELECT * FROM grafana.features')).toMatchObject([
    { ...at, feature: 'cpu', psi: 0.3, missing: null, status: 'drift' },
  ]);
  expect(await rows('SELECT * FROM grafana.observations')).toMatchObject([
    { ...at, cause: 'none', data_quality: null, champion_alerts: 1, challenger_id: 'next', challenger_share: 0.05 },
  ]);
  expect(await rows('SELECT * FROM grafana.decisions')).toMatchObject([
    { id: 'hosts-1', action: 'hold', trigger: 'unit_change', episode: 1, result: 'held', model_id: null },
  ]);
  expect(await rows('SELECT * FROM grafana.model_roles')).toMatchObject([
    { champion: 'seen', challenger: null, mode: 'forest', calibration_version: null },
  ]);
  const letters = await rows('SELECT entity, metric, time_ms FROM grafana.dead_letters');
  expect(letters).toEqual([{ entity: 'web-1', metric: 'cpu', time_ms: T0 }]);
});
