import { describe, expect, test } from 'vitest';

interface Format {
  formatValue(metric: string, x: number | null): string;
  formatBand(metric: string, low: number | null, high: number | null): string;
  formatExpected(metric: string, low: number | null, high: number | null): string;
  formatTicks(metric: string, ticks: number[]): string[];
  formatPercentOf(n: number, total: number): string;
  describeAnomaly(incident: { attributions: unknown[]; summary: string }): string;
}
interface Router {
  parseAddress(location: { pathname: string; search: string }): unknown;
  entityLink(stream: string, entity: string, range?: unknown): string;
}
interface ChartData {
  withGaps(times: number[], columns: (number | null)[][], stepMs: number): (number | null)[][];
  anomalousStretches(data: { times: number[]; severity: number[]; windowMs: number; stepMs: number }): number[][];
}

// The console's modules are plain JavaScript for the browser; these three touch no document.
const load = async <T>(name: string): Promise<T> =>
  (await import(new URL(`../../monitor/console/${name}`, import.meta.url).href)) as T;
const { formatValue, formatBand, formatExpected, formatTicks, formatPercentOf, describeAnomaly } =
  await load<Format>('format.js');
const { parseAddress, entityLink } = await load<Router>('router.js');
const { withGaps, anomalousStretches } = await load<ChartData>('chart-data.js');

describe('numbers for people', () => {
  test.each([
    ['latency_ms', 412.4, '412 ms'],
    ['latency_ms', 12_340, '12.3 s'],
    ['memory_bytes', 5.79e9, '5.79 GB'],
    ['network_rx_bytes', 84_000, '84 kB'],
    ['disk_read_bytes_per_s', 13_109, '13.1 kB/s'],
    ['error_ratio', 0.0042, '0.42 %'],
    ['cpu_percent', 14.92, '14.9 %'],
    ['requests_per_s', 88.04, '88/s'],
    ['uptime_seconds', 42, '42 s'],
    ['queue_depth', 0, '0'],
    ['queue_depth', null, 'missing'],
    ['requests', 1_234_567, '1,234,567'],
  ])('%s %d is shown as %s', (metric, x, shown) => {
    expect(formatValue(metric, x)).toBe(shown);
  });

  test('a band has one unit, that of its upper end', () => {
    expect(formatBand('memory_bytes', 4.2e8, 1.1e9)).toBe('0.42 to 1.1 GB');
    expect(formatBand('latency_ms', 80.1, 121)).toBe('80.1 to 121 ms');
    expect(formatBand('latency_ms', null, 121)).toBe('no band yet');
    expect(formatExpected('latency_ms', null, null)).toBe('no band yet');
    expect(formatExpected('latency_ms', 80, 121)).toBe('expected 80 to 121 ms');
  });

  test('labels of an axis share one short unit', () => {
    expect(formatTicks('packets', [0, 250_000, 1_000_000])).toEqual(['0', '0.25M', '1M']);
    expect(formatTicks('latency_ms', [0, 50])).toEqual(['0 ms', '50 ms']);
    expect(formatTicks('error_ratio', [0, 0.005])).toEqual(['0 %', '0.5 %']);
  });

  test('a share of a whole never rounds up to all of it', () => {
    expect(formatPercentOf(99_999, 100_000)).toBe('99.99 %');
    expect(formatPercentOf(100, 100)).toBe('100 %');
    expect(formatPercentOf(1, 1_000_000)).toBe('< 0.01 %');
    expect(formatPercentOf(0, 10)).toBe('');
  });

  test('an anomaly is told by the metrics outside their bands', () => {
    const latency = { metric: 'latency_ms', share: 0.5, value: 412, expectedLow: 80, expectedHigh: 121 };
    const cpu = { metric: 'cpu_percent', share: 0.4, value: 20, expectedLow: 10, expectedHigh: 30 };
    expect(describeAnomaly({ attributions: [cpu, latency], summary: '' })).toBe(
      'latency_ms 412 ms, expected 80 to 121 ms',
    );
    expect(describeAnomaly({ attributions: [cpu], summary: '' })).toContain('back inside');
    expect(describeAnomaly({ attributions: [], summary: 'no data for 60s' })).toBe('no data for 60s');
  });
});

describe('addresses', () => {
  test('lead back to the entity they were made from, whatever its name', () => {
    for (const entity of ['a', 'rack/7', '100%', 'ü <b>', '%2F']) {
      const url = new URL(entityLink('s', entity, { fromMs: 1, toMs: 2 }), 'http://x');
      expect(parseAddress(url)).toEqual({
        page: 'entity',
        params: { stream: 's', entity },
        query: { from: '1', to: '2' },
      });
    }
  });
});

describe('chart data', () => {
  test('a gap breaks the line, and neighbours do not', () => {
    expect(withGaps([10, 20, 50], [[1, 2, 3]], 10)).toEqual([
      [10, 20, 30, 50],
      [1, 2, null, 3],
    ]);
  });

  test('anomalous windows next to each other are one stretch', () => {
    const severity = [0.5, 1.2, 3, 0.9, 2];
    const times = [10, 20, 30, 40, 50];
    expect(anomalousStretches({ times, severity, windowMs: 10, stepMs: 10 })).toEqual([
      [10, 30],
      [40, 50],
    ]);
  });
});
