import { describe, expect, it } from 'vitest';
import {
  covers,
  MAX_ATTEMPTS,
  type MaintenanceStore,
  type MaintenanceWindow,
  type OutboxStore,
} from '../../monitor/notify/ports.ts';
import type { OutboxMessage } from '../../monitor/store.ts';
import { message, T0 } from './monitor-make.ts';

export interface NotifyUnderTest {
  outbox: OutboxStore;
  maintenance: MaintenanceStore;
  /** As a commit writes them. */
  write(messages: OutboxMessage[]): Promise<void>;
}

const window: Omit<MaintenanceWindow, 'endedMs' | 'endedBy'> = {
  id: 'w1',
  stream: 'hosts',
  entity: null,
  metric: null,
  fromMs: T0,
  toMs: T0 + 3_600_000,
  reason: 'größe "\\',
  actor: 'operator:ada',
  createdMs: 1_000,
};

/** What every OutboxStore and MaintenanceStore must do, whatever keeps them. */
export function notifySuite(name: string, make: () => Promise<NotifyUnderTest>): void {
  describe(`${name} as an OutboxStore`, () => {
    it('keeps the first message of an id, whoever brings it', async () => {
      const { outbox, write } = await make();
      await write([message('a', { body: '{"first":1}' })]);
      await outbox.add([message('a', { body: '{"second":1}' }), message('b')]);
      await outbox.add([message('b')]);
      expect((await outbox.take(5_000, 10, 1_000)).map(({ id, body }) => [id, body])).toEqual([
        ['a', '{"first":1}'],
        ['b', message('b').body],
      ]);
    });

    it('hands a message to one deliverer until its lease ends, and then again, the same', async () => {
      const { outbox, write } = await make();
      await write([message('b', { createdMs: 2_000 }), message('a'), message('later', { createdMs: 9_000 })]);
      const first = await outbox.take(5_000, 10, 1_000);
      expect(first.map((m) => [m.id, m.attempts, m.nextMs])).toEqual([
        ['a', 1, 6_000],
        ['b', 1, 6_000],
      ]);
      expect(await outbox.take(5_999, 10, 1_000)).toEqual([]);
      const again = await outbox.take(6_000, 1, 1_000);
      expect(again).toEqual([{ ...first[0]!, attempts: 2, nextMs: 7_000 }]);
      await outbox.delivered('a', 6_100);
      await outbox.delivered('a', 6_200);
      expect((await outbox.take(8_000, 10, 1_000)).map((m) => m.id)).toEqual(['b']);
      expect((await outbox.list({ status: 'delivered' })).map((m) => [m.id, m.nextMs])).toEqual([['a', 6_100]]);
    });

    it('gives every message to one of many deliverers', async () => {
      const { outbox, write } = await make();
      await write(Array.from({ length: 60 }, (_, i) => message(`m${i}`)));
      const taken = await Promise.all(Array.from({ length: 12 }, () => outbox.take(2_000, 5, 1_000)));
      const ids = taken.flat().map((m) => m.id);
      expect(new Set(ids).size).toBe(ids.length);
      const rest = await outbox.take(2_000, 60, 1_000);
      expect(ids.length + rest.length).toBe(60);
    });

    it('tries again when told, and gives up after so many attempts', async () => {
      const { outbox, write } = await make();
      await write([message('m'), message('bad')]);
      await outbox.take(1_000, 1, 0);
      expect(await outbox.failed('bad', 1_000, null, 'refused')).toBe('given_up');
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const at = 1_000 + attempt * 1_000;
        const [taken] = await outbox.take(at, 1, 500);
        expect(taken).toMatchObject({ id: 'm', attempts: attempt });
        const last = attempt === MAX_ATTEMPTS;
        expect(await outbox.failed('m', at, at + 1_000, `HTTP 500 ${attempt}`)).toBe(last ? 'given_up' : 'waiting');
      }
      expect(await outbox.take(1e12, 10, 1)).toEqual([]);
      expect(await outbox.failed('m', 1, 2, 'x')).toBe('given_up');
      expect(await outbox.failed('none', 1, 2, 'x')).toBe('given_up');
      const [given] = await outbox.list({ receiver: 'pager', status: 'given_up', limit: 2 });
      expect(given).toMatchObject({ id: 'bad', lastError: 'refused' });
      expect(await outbox.backlog()).toEqual([{ receiver: 'pager', waiting: 0, oldestMs: null, givenUp: 2 }]);
    });

    it('says how much waits for whom, and since when', async () => {
      const { outbox, write } = await make();
      await write([message('a', { createdMs: 3_000 }), message('b'), message('c', { receiver: 'chat' }), message('d')]);
      await outbox.take(1_000, 1, 1);
      await outbox.delivered('b', 1_000);
      expect(await outbox.backlog()).toEqual([
        { receiver: 'chat', waiting: 1, oldestMs: 1_000, givenUp: 0 },
        { receiver: 'pager', waiting: 2, oldestMs: 1_000, givenUp: 0 },
      ]);
      expect((await outbox.list({})).map((m) => m.id)).toEqual(['a', 'b', 'c', 'd']);
      expect(await outbox.list({ receiver: 'none' })).toEqual([]);
    });
  });

  describe(`${name} as a MaintenanceStore`, () => {
    it('keeps a window that is ahead, and one that was ended', async () => {
      const { maintenance } = await make();
      await maintenance.add(window);
      await maintenance.add({ ...window, reason: 'other' });
      expect(await maintenance.get('w1')).toEqual({ ...window, endedMs: null, endedBy: null });
      expect(await maintenance.end('w1', T0 + 60_000, 'operator:bob')).toBe(true);
      expect(await maintenance.end('w1', T0, 'operator:eve')).toBe(false);
      expect(await maintenance.end('none', T0, 'operator:eve')).toBe(false);
      expect(await maintenance.list({})).toEqual([{ ...window, endedMs: T0 + 60_000, endedBy: 'operator:bob' }]);
      expect(await maintenance.get('none')).toBeNull();
    });

    it('lists those that touch a span and cover a stream, latest first', async () => {
      const { maintenance } = await make();
      await maintenance.add(window);
      await maintenance.add({ ...window, id: 'all', stream: null, fromMs: T0 + 1 });
      await maintenance.add({ ...window, id: 'other', stream: 'other', fromMs: T0 + 2 });
      const ids = async (filter: Parameters<typeof maintenance.list>[0]) =>
        (await maintenance.list(filter)).map((w) => w.id);
      expect(await ids({})).toEqual(['other', 'all', 'w1']);
      expect(await ids({ stream: 'hosts' })).toEqual(['all', 'w1']);
      expect(await ids({ fromMs: window.toMs })).toEqual([]);
      expect(await ids({ fromMs: 0, toMs: T0 + 1 })).toEqual(['w1']);
      expect(await ids({ limit: 1 })).toEqual(['other']);
    });

    it('refuses a window of no time, and one of months', async () => {
      const { maintenance } = await make();
      for (const toMs of [T0, T0 - 1, T0 + 93 * 86_400_000, T0 + 0.5])
        await expect(maintenance.add({ ...window, toMs })).rejects.toMatchObject({ code: 'request_invalid' });
    });

    it('covers what it names, until it ends or is ended', () => {
      const w = { ...window, entity: 'web-1', endedMs: null, endedBy: null };
      const about = { stream: 'hosts', entity: 'web-1', metric: 'cpu', atMs: T0 };
      expect(covers(w, about)).toBe(true);
      expect(covers(w, { ...about, atMs: T0 - 1 })).toBe(false);
      expect(covers(w, { ...about, atMs: w.toMs })).toBe(false);
      expect(covers(w, { ...about, entity: 'web-2' })).toBe(false);
      expect(covers(w, { ...about, entity: null })).toBe(false);
      expect(covers({ ...w, metric: 'mem' }, about)).toBe(false);
      expect(covers({ ...w, stream: null }, { ...about, stream: 'other' })).toBe(true);
      expect(covers({ ...w, endedMs: T0 + 5 }, { ...about, atMs: T0 + 4 })).toBe(true);
      expect(covers({ ...w, endedMs: T0 + 5 }, { ...about, atMs: T0 + 5 })).toBe(false);
    });
  });
}
