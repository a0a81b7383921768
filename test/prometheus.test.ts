import { expect, test } from 'vitest';
import { amtool, needsPrometheus, openMetrics, promtool, testAlertmanager, testPrometheus } from './prometheus.ts';

const NOON_MS = Date.UTC(2026, 0, 5, 12);
const MINUTE_MS = 60_000;

test('series become text with every metric in one piece, labels quoted and times in seconds', () => {
  const a = { name: 'a', labels: { of: 'q"\\' }, points: [[NOON_MS, 0.5]] } as const;
  const b = { name: 'b', labels: {}, points: [[NOON_MS + 500, 2]] } as const;
  expect(openMetrics([a, b, { ...a, labels: { of: 'x' } }])).toBe(
    `# TYPE a gauge\na{of="q\\"\\\\"} 0.5 ${NOON_MS / 1000}\na{of="x"} 0.5 ${NOON_MS / 1000}\n` +
      `# TYPE b gauge\nb{} 2 ${NOON_MS / 1000 + 0.5}\n# EOF\n`,
  );
});

needsPrometheus('the programs of Prometheus', () => {
  test('a server answers about what was backfilled, in event time', async () => {
    const points = [0, 1, 2, 3].map((i) => [NOON_MS + i * MINUTE_MS, i] as const);
    const prometheus = await testPrometheus({ series: [{ name: 'seen', labels: { by: 'us' }, points }] });
    expect(await prometheus.query('seen + 1', NOON_MS + MINUTE_MS)).toEqual([
      { labels: { by: 'us' }, points: [[NOON_MS + MINUTE_MS, 2]] },
    ]);
    const [line] = await prometheus.range('seen > 1', NOON_MS, NOON_MS + 3 * MINUTE_MS, MINUTE_MS);
    expect(line?.points).toEqual(points.slice(2));
    await expect(prometheus.query('seen >', NOON_MS)).rejects.toThrow(/parse error/);
  });

  test('an Alertmanager starts from its package alone, and the tools know their own versions', async () => {
    const config = 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n';
    const server = await testAlertmanager(config);
    const status = await (await fetch(`${server.url}/api/v2/status`)).json();
    expect(status).toMatchObject({ cluster: { status: 'disabled' } });
    expect((await promtool('--version')).stdout + (await amtool('--version')).stdout).toMatch(
      /promtool, version [\s\S]*amtool, version /,
    );
  });

  test('a configuration that is none is told in the words of the program', async () => {
    await expect(testPrometheus({ config: 'global: {nonsense: 1}\n' })).rejects.toMatchObject({
      code: 'config_invalid',
      detail: expect.stringContaining('nonsense'),
    });
  });
});
