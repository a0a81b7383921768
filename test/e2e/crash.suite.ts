import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { findPostgres } from '../../store/embedded.ts';
import { openPool } from '../../store/pool.ts';
import { QUICK } from './first-start.suite.ts';
import { Home, type Up, until } from './up.ts';

/** Enough that some requests are on their way, some are being written and some are folded when the end comes. */
const SENDERS = 4;
const ANSWERED_BEFORE_THE_END = 400;
const POINTS_A_REQUEST = 4;

interface Traffic {
  tried: number;
  answered: number;
}

/** Every request is one record of four points: two to be applied, one filtered, and one from the future or repeated. */
const body = (sender: number, i: number, nowMs: number): string => {
  const at = `${nowMs}000000`;
  const entity = `host=sender-${sender}`;
  const odd = i % 2 === 0 ? `cpu,${entity} value=1 ${nowMs + 3_600_000}000000` : `cpu,${entity} value=${i} ${at}`;
  return `cpu,${entity} value=${i} ${at}\nmem,${entity} used=${i},ignored=1 ${at}\n${odd}\n`;
};

/** Sends until the process is gone. */
async function send(up: Up, sender: number, traffic: Traffic): Promise<void> {
  for (let i = 0; ; i++) {
    traffic.tried++;
    try {
      const { status } = await up.write(body(sender, i, Date.now()));
      if (status !== 204) throw new Error(`status ${status}`);
    } catch (cause) {
      if (cause instanceof TypeError) return; // fetch says so of a connection that broke
      throw cause;
    }
    traffic.answered++;
  }
}

/** kill -9 in the middle of traffic, and the start after it. */
export function crash(): void {
  describe('after kill -9 in the middle of traffic', () => {
    let home: Home;
    let up: Up;
    let modelId: string | null;
    let server: number | null;
    const traffic: Traffic = { tried: 0, answered: 0 };
    const query = async <T>(text: string): Promise<T[]> => {
      const pool = openPool((await findPostgres(home.dataDir))!);
      try {
        return (await pool.query(text)).rows as T[];
      } finally {
        await pool.end();
      }
    };

    beforeAll(async () => {
      home = await Home.make(QUICK.replaceAll("'ignored_*'", "'*ignored*'"));
      up = home.start();
      await up.forest();
      modelId = (await up.stream('demo')).modelId;
      await up.wait('the fleet runs', async () => (await up.counters('demo'))?.counters.applied > 1000);
      const sending = Promise.all(Array.from({ length: SENDERS }, (_, sender) => send(up, sender, traffic)));
      await until('traffic', () => traffic.answered >= ANSWERED_BEFORE_THE_END);
      server = home.postgresPid();
      await up.end('SIGKILL');
      await sending;
    });
    afterAll(() => home.remove());

    test('the database that survived is taken over, and the model serves at once without training anew', async () => {
      expect(server).not.toBeNull();
      expect(home.postgresPid()).toBe(server);
      const startMs = systemClock.elapsed();
      up = home.start();
      const { streams } = await up.ready();
      console.info(`after kill -9: ready again after ${((systemClock.elapsed() - startMs) / 1000).toFixed(1)} s`);
      expect(streams.find((s) => s.stream === 'demo')).toMatchObject({ source: 'forest', modelId, training: null });
      expect(home.postgresPid()).not.toBe(server);
    });

    test('every point that was acknowledged has one disposition', async () => {
      const { counters, offsetNext } = await settled();
      const records = offsetNext - events;
      const { applied, late, duplicate, dead_lettered, filtered } = counters;
      const total = applied + late + duplicate + dead_lettered + filtered;
      console.info(`${traffic.answered} of ${traffic.tried} requests answered: ${JSON.stringify(counters)}`);
      expect(records).toBeGreaterThanOrEqual(traffic.answered);
      expect(records).toBeLessThanOrEqual(traffic.tried);
      expect(total).toBe(records * POINTS_A_REQUEST);
      expect(filtered).toBe(records);
      expect(dead_lettered).toBeGreaterThan(0);
      expect(applied).toBeGreaterThan(0);
    });

    test('offsets go on where the log ended', async () => {
      const { offsetNext } = await settled();
      expect((await up.write('cpu,host=after value=1\n')).status).toBe(204);
      const { offsetNext: then } = await settled();
      expect(then).toBe(offsetNext + 2); // the point, and the event that waited for it
    });

    test('every window was judged once', async () => {
      const [row] = await query<{ rows: string; ids: string }>(
        'SELECT count(*) rows, count(DISTINCT (stream, entity, window_start_ms, window_ms, schema_version)) ids FROM verdicts',
      );
      expect(Number(row!.rows)).toBeGreaterThan(1000);
      expect(row!.ids).toBe(row!.rows);
      expect(up.out).not.toContain('differ from those already stored');
    });

    test('the demo fleet goes on without a gap, a repeated point or an alarm', async () => {
      const newest = async () =>
        (await query<{ ms: string }>("SELECT max(window_start_ms) ms FROM verdicts WHERE stream = 'demo'"))[0]!.ms;
      const before = Number(await newest());
      await up.wait('the fleet goes on', async () => Number(await newest()) >= before + 4_000);
      const gaps = await query<{ entity: string; gap: string }>(`
        SELECT DISTINCT entity, window_start_ms - lag(window_start_ms) OVER (PARTITION BY entity ORDER BY window_start_ms) gap
        FROM verdicts WHERE stream = 'demo'`);
      expect([...new Set(gaps.filter((g) => g.gap !== null).map((g) => Number(g.gap)))]).toEqual([4_000]);
      expect(new Set(gaps.map((g) => g.entity)).size).toBe(12);
      const { counters } = await up.counters('demo');
      expect(counters).toMatchObject({ late: 0, duplicate: 0, conflicts: 0, dead_lettered: 0 });
      const absences = await query("SELECT summary FROM incidents WHERE stream = 'demo' AND kind = 'absence'");
      expect(absences).toEqual([]);
    });

    /** Sends a log event and waits until it is folded and saved, and so all that was before it. */
    let events = 0;
    const settled = async () => {
      const event = { entity: 'mark', time: Date.now(), body: 'everything before this' };
      await fetch(`${home.url}/api/records`, { method: 'POST', body: JSON.stringify(event) });
      events++;
      return up.wait('the log is folded', async () => {
        const { counters, partitions } = await up.counters('telemetry');
        return counters.events === events && { counters, offsetNext: partitions[0]!.offsetNext };
      });
    };
  });
}
