import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { MONITOR_METRICS } from '../../core/monitor-metrics.ts';
import { audit, seriesValue } from '../cli/metrics/exposition.ts';
import { SOURCES } from '../program.ts';
import { Home, type Up } from './up.ts';

/** Small windows: what takes minutes with the defaults is seen within seconds. A past of a day, so that the hour at which this runs is in it. */
export const QUICK = `
sources:
  demo: { step: 2s, history: 1d }
streams:
  - name: demo
    window: { size: 4s, allowedLateness: 1s }
  - name: telemetry
    window: { size: 1s, allowedLateness: 200ms }
    metrics: { exclude: ['ignored_*'] }
    missing: { absenceWindows: 2 }
`;

const QUIET_POINTS = 12;

interface WireIncident {
  id: string;
  entity: string;
  kind: string;
  summary: string;
  startMs: number;
  resolvedMs: number | null;
  attributions: { metric: string; text: string }[];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/**
 * One process from its first start to its last stop, as a person meets it. What it returns gives its folder, once it
 * has one, to go on with.
 */
export function firstStart(): () => Home | null {
  let given: Home | null = null;
  describe('a first start', () => {
    let home: Home;
    let up: Up;
    let startedMs: number;
    let quietSinceMs: number;

    beforeAll(async () => {
      home = await Home.make(QUICK, SOURCES);
      given = home;
      startedMs = systemClock.elapsed();
      up = home.start();
    });
    afterAll(() => home.killAll());

    /** led: the metric with the largest share; an incident that was there before is led by it once it peaks. */
    const incident = (entity: string, kind: string, open = true, led?: string) =>
      up.wait(`an incident of ${entity}`, async () => {
        const { incidents } = await up.get<{ incidents: WireIncident[] }>(`/api/incidents?entity=${entity}`);
        const fits = (i: WireIncident) => led === undefined || i.attributions[0]?.metric === led;
        return incidents.find((i) => i.kind === kind && (i.resolvedMs === null) === open && fits(i)) ?? null;
      });

    test('is ready with a source named for every stream, and turns to the forest for the demo fleet', async () => {
      const { streams } = await up.ready();
      const readyMs = systemClock.elapsed() - startedMs;
      expect(streams.map((s) => s.stream).sort()).toEqual(['demo', 'host', 'telemetry']);
      for (const { source } of streams) expect(['forest', 'fallback']).toContain(source);
      expect(streams.find((s) => s.stream === 'telemetry')).toMatchObject({ source: 'fallback', modelId: null });
      await up.forest();
      const forestMs = systemClock.elapsed() - startedMs;
      console.info(`first start: listens after ${seconds(readyMs)}, forest after ${seconds(forestMs)}`);
      expect((await up.stream('demo')).modelId).toMatch(/^[0-9a-f]{16}$/);
    });

    test('says where it listens, what it watches and what to try, without colours for a pipe', async () => {
      await up.wait('the forest is told', () => /demo: the forest serves after/.test(up.out));
      expect(up.out).toContain(`listens on ${home.url}`);
      expect(up.out).toContain('npx tidewatch inject latency_step');
      expect(up.out).toContain(`curl -i --data-binary @- ${home.url}/api/v2/write`);
      expect(up.out).not.toContain('\u001b');
      expect(up.err).toBe('');
    });

    test('a history that is sent at once is taken as what it is', async () => {
      const nowS = Math.floor(Date.now() / 1000);
      const times = Array.from({ length: QUIET_POINTS }, (_, i) => nowS - QUIET_POINTS + i);
      expect((await up.write(times.map((s) => `cpu,host=quiet value=1 ${s}\n`).join(''), '?precision=s')).status).toBe(
        204,
      );
      quietSinceMs = systemClock.elapsed();
      const expected = QUIET_POINTS;
      await up.wait(
        'its points are counted',
        async () => (await up.counters('telemetry')).counters.applied === expected,
      );
    });

    test('a point sent as the greeting says is answered 204 and counted', async () => {
      const answer = await up.write('cpu,host=a value=1\n');
      expect(answer.status).toBe(204);
      await up.wait(
        'the point is counted',
        async () => (await up.counters('telemetry')).counters.applied === QUIET_POINTS + 1,
      );
    });

    test('GET /metrics shows its points and verdicts, and no entity', async () => {
      const text = await up.wait('verdicts are counted', async () => {
        const answer = await (await fetch(`${home.url}/metrics`)).text();
        return (seriesValue(answer, 'tidewatch_windows_total', { stream: 'telemetry', source: 'fallback' }) ?? 0) > 0
          ? answer
          : null;
      });
      const { applied } = (await up.counters('telemetry')).counters;
      const points = { stream: 'telemetry', disposition: 'applied' };
      expect(seriesValue(text, 'tidewatch_ingest_points_total', points)).toBe(applied);
      expect(seriesValue(text, 'tidewatch_severity', { stream: 'demo', __suffix: '_count' })).toBeGreaterThan(100);
      const model = (await up.stream('demo')).modelId!;
      expect(seriesValue(text, 'tidewatch_model_info', { stream: 'demo', model })).toBe(1);
      expect(seriesValue(text, 'tidewatch_fallback_active', { stream: 'demo' })).toBe(0);
      expect(text).toMatch(/sha256="[0-9a-f]{64}"/);
      expect(text).not.toMatch(/checkout|quiet/);
      const { unknown, badLabels, missing } = audit(text, 'up');
      expect({ unknown, badLabels }).toEqual({ unknown: [], badLabels: [] });
      // the monitor has no whole grain to look at yet; what counts bad things begins at 0
      expect(missing.filter((name) => !Object.hasOwn(MONITOR_METRICS, name))).toEqual([]);
    });

    test('log events are counted by level', async () => {
      const time = Date.now();
      const body = [1, 2].map((i) => JSON.stringify({ entity: 'logger', time: time + i, level: 'ERR', body: 'text' }));
      const answer = await fetch(`${home.url}/api/records`, { method: 'POST', body: body.join('\n') });
      expect(answer.status).toBe(202);
      await up.wait('the events are counted', async () => {
        const text = await (await fetch(`${home.url}/metrics`)).text();
        return seriesValue(text, 'tidewatch_log_events_total', { stream: 'telemetry', level: 'error' }) === 2;
      });
    });

    test('a second one on its directory, and another on its port, are refused in one line', async () => {
      const [second, other] = await Promise.all([
        home.cli(['up']),
        home.cli(['up'], { TIDEWATCH_DATA_DIR: path.join(home.dir, 'other') }),
      ]);
      expect(second).toMatchObject({ code: 3, out: '' });
      expect(second.err).toMatch(/^error already_running: .*Stop it, or choose another directory\.\n$/);
      expect(other).toMatchObject({ code: 3, out: '' });
      expect(other.err).toMatch(/^error port_taken: .*set TIDEWATCH_PORT\.\n$/);
    });

    test('the doctor does not mistake it for a program that has taken the port', async () => {
      const { code, out } = await home.cli(['doctor']);
      expect(out).toContain('Tidewatch already runs on');
      expect(out).not.toContain('FAIL');
      expect(code).toBe(0);
    });

    test('an unknown fault names the nearest, in one line', async () => {
      const { code, err } = await home.cli(['inject', 'latency_stp']);
      expect(code).toBe(2);
      expect(err).toMatch(
        /^error fault_unknown: There is no such fault\. \(Fault "latency_stp", did you mean latency_step\?\) .*\n$/,
      );
    });

    test('an injected latency step becomes an incident, and explain verdict says the same in words', async () => {
      const { code, out } = await home.cli(['inject', 'latency_step', '--entity', 'checkout', '--json']);
      const injectedMs = systemClock.elapsed();
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ fault: 'latency_step', entity: 'checkout', metric: 'latency_ms' });
      const found = await incident('checkout', 'anomaly', true, 'latency_ms');
      console.info(`incident ${seconds(systemClock.elapsed() - injectedMs)} after the fault: ${found.summary}`);
      expect(found.summary).toMatch(/latency_ms [\d.]+.*expected [\d.]+ to [\d.]+/);

      const range = `from=${found.startMs - 60_000}&to=${Date.now() + 60_000}`;
      const { peak } = await up.get<{ peak: { id: string } }>(`/api/entities/demo/checkout?${range}`);
      const said = await home.cli(['explain', 'verdict', peak.id]);
      expect(said.code).toBe(0);
      expect(said.out).toMatch(/^verdict .*\ncheckout \(demo\), 4 s from .*: anomalous\n/);
      expect(said.out).toMatch(/\d+ % {2}latency_ms [\d.]+.*expected [\d.]+ to [\d.]+/);
      expect((await home.cli(['explain', 'verdict', 'demo/checkout'])).out).toMatch(
        /^verdict .*\ncheckout .*: anomalous\n/,
      );
      expect(readFileSync(path.join(home.dataDir, 'tidewatch.log'), 'utf8')).toMatch(
        /"fault":\{[^}]*"entity":"checkout"[^}]*\}.*"msg":"fault injected"/,
      );
    });

    test('a sender that stops is an absence, found by time alone, and its return ends it', async () => {
      expect((await incident('quiet', 'absence')).summary).toContain('no data for');
      console.info(`absence ${seconds(systemClock.elapsed() - quietSinceMs)} after the last point at most`);
      await up.write('cpu,host=quiet value=1\n');
      await incident('quiet', 'absence', false);
    });

    test('SIGTERM ends it with exit code 0 within ten seconds, and nothing stays', async () => {
      const { code, err, out, tookMs } = await up.end('SIGTERM');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(tookMs).toBeLessThan(10_000);
      expect(out).toMatch(/Stopping: .*\nStopped\./);
      expect(home.postgresPid()).toBeNull();
      expect(readdirSync(home.dataDir)).not.toContain('tidewatch.pid');
    });

    test('a torn last segment is cut, which is said, and Ctrl-C ends the next run likewise', async () => {
      const folder = path.join(home.dataDir, 'log', 'telemetry');
      const segment = readdirSync(folder)
        .filter((name) => name !== 'lock')
        .sort()
        .at(-1)!;
      appendFileSync(path.join(folder, segment), Buffer.from([0, 0, 1, 44, 9, 9, 9]));
      up = home.start();
      await up.ready();
      expect(up.out).toMatch(/log telemetry: .*cut there/);
      expect((await up.counters('telemetry')).counters.applied).toBe(2 + QUIET_POINTS);
      expect((await up.write('cpu,host=a value=2\n')).status).toBe(204);
      // As npm does it, which passes on what the terminal has sent to all.
      up.child.kill('SIGINT');
      const { code, tookMs } = await up.end('SIGINT');
      expect(code).toBe(0);
      expect(tookMs).toBeLessThan(10_000);
      expect(home.postgresPid()).toBeNull();
    });
  });
  return () => given;
}
