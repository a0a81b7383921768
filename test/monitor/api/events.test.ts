import { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import {
  EventHub,
  type EventSocket,
  HEARTBEAT_MS,
  MAX_BUFFERED_BYTES,
  MAX_CLIENTS,
} from '../../../monitor/api/event-hub.ts';
import { COALESCE_MS, MAX_ENTITIES_PER_MESSAGE, VerdictFeed } from '../../../monitor/api/verdict-feed.ts';
import { FixtureWorld } from '../../console/fixture.ts';
import { fixtureApp } from '../../console/server.ts';

class FakeSocket extends EventEmitter implements EventSocket {
  chunks: string[] = [];
  ended = false;
  destroyed = false;
  readonly #reads: boolean;

  constructor(reads: boolean) {
    super();
    this.#reads = reads;
  }

  get writableLength(): number {
    return this.#reads ? 0 : this.chunks.reduce((sum, c) => sum + c.length, 0);
  }

  write(chunk: string): boolean {
    this.chunks.push(chunk);
    return this.#reads;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('live events', () => {
  test('carry an id, a name and one line of data, and a retry at first', () => {
    const hub = new EventHub(new ManualClock());
    const socket = new FakeSocket(true);
    hub.add(socket);
    hub.broadcast('incident', { text: 'two\nlines' });
    expect(socket.chunks[0]).toBe('retry: 2000\nid: 1\nevent: hello\ndata: {"nowMs":0}\n\n');
    expect(socket.chunks[1]).toBe('id: 2\nevent: incident\ndata: {"text":"two\\nlines"}\n\n');
    hub.close();
    expect(socket.ended).toBe(true);
  });

  test('a client that does not read is cut off at the limit, and the others go on', () => {
    const hub = new EventHub(new ManualClock());
    const slow = new FakeSocket(false);
    const quick = new FakeSocket(true);
    hub.add(slow);
    hub.add(quick);
    const data = 'x'.repeat(10_000);
    const sent = Math.ceil(MAX_BUFFERED_BYTES / data.length) + 5;
    for (let i = 0; i < sent; i++) hub.broadcast('status', data);
    expect(slow.destroyed).toBe(true);
    expect(slow.writableLength).toBeLessThan(MAX_BUFFERED_BYTES + 2 * data.length);
    expect(quick.destroyed).toBe(false);
    expect(quick.chunks).toHaveLength(sent + 1);
    expect([hub.clients, hub.dropped]).toEqual([1, 1]);
    hub.close();
  });

  test('there is a limit to clients, and one that leaves makes room', () => {
    const hub = new EventHub(new ManualClock());
    const first = new FakeSocket(true);
    hub.add(first);
    for (let i = 1; i < MAX_CLIENTS; i++) expect(hub.add(new FakeSocket(true))).toBe(true);
    expect(hub.add(new FakeSocket(true))).toBe(false);
    first.emit('close');
    expect(hub.add(new FakeSocket(true))).toBe(true);
    hub.close();
  });

  test('a heartbeat tells the page that the connection still lives', async () => {
    const clock = new ManualClock();
    const hub = new EventHub(clock);
    const socket = new FakeSocket(true);
    hub.add(socket);
    clock.advance(HEARTBEAT_MS);
    await settled();
    expect(socket.chunks.at(-1)).toContain(`event: heartbeat\ndata: {"nowMs":${HEARTBEAT_MS}}`);
    hub.close();
  });

  test('verdicts become at most one message per quarter of a second, with the newest state of each entity', async () => {
    const clock = new ManualClock();
    const messages: { entities: { entity: string; severity: number | null }[]; more: number }[] = [];
    const feed = new VerdictFeed(clock, (message) => messages.push(message));
    const world = new FixtureWorld({ endMs: 600_000, historyMs: 300_000, planted: [] });
    const verdicts = await world.verdicts('demo', 'auth', { fromMs: 0, toMs: 600_000 }, 20);
    for (const verdict of verdicts.toReversed()) feed.push([verdict]);
    clock.advance(COALESCE_MS - 1);
    await settled();
    expect(messages).toHaveLength(0);
    clock.advance(1);
    await settled();
    expect(messages).toHaveLength(1);
    expect(messages[0]!.entities).toHaveLength(1);
    expect(messages[0]!.entities[0]!.severity).toBeCloseTo(verdicts.at(-1)!.severity, 4);

    const crowd = Array.from({ length: MAX_ENTITIES_PER_MESSAGE + 7 }, (_, i) => ({
      ...verdicts[0]!,
      entity: `e${i}`,
      severity: i,
    }));
    feed.push(crowd);
    clock.advance(COALESCE_MS);
    await settled();
    expect(messages[1]!.entities).toHaveLength(MAX_ENTITIES_PER_MESSAGE);
    expect(messages[1]!.entities[0]!.entity).toBe(`e${crowd.length - 1}`);
    expect(messages[1]!.more).toBe(7);
    feed.close();
  });

  test('the stream of a real server begins at once, follows incidents and ends with the server', async () => {
    const clock = new ManualClock(600_000);
    const world = new FixtureWorld({ endMs: 600_000, historyMs: 300_000, planted: [] });
    const app = await fixtureApp(world, clock);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    const heard = (part: string) =>
      new Promise<void>((resolve) => {
        const look = () => text.includes(part) && resolve();
        socket.on('data', look);
        look();
      });
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n\r\n`);
    await heard('event: hello');
    expect(text).toContain('content-type: text/event-stream');
    expect(text).toContain("content-security-policy: default-src 'none'");
    world.faults.inject({ fault: 'unit_change', entity: 'auth' });
    for (let i = 0; i < 3; i++) world.step();
    await heard('event: incident');
    clock.advance(COALESCE_MS);
    await heard('event: verdicts');
    await app.close();
    await ended;
  });
});
