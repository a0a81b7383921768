import { expect, test } from 'vitest';
import { ManualClock } from '../../../core/clock.ts';
import { Controller } from '../../../monitor/controller/controller.ts';
import { MemoryMonitorStore } from '../../../monitor/memory/monitor-store.ts';
import { MonitorTables } from '../../../monitor/memory/tables.ts';
import type { Effect, MonitorState } from '../../../monitor/types.ts';
import { policyWith, START_MS } from '../decide/make.ts';

function gate() {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

test('a look at what waits that was slower than its answer does not have it done again', async () => {
  const tables = new MonitorTables();
  const clock = new ManualClock();
  const store = new MemoryMonitorStore(tables, clock);
  const model = tables.addModel({ id: 'm', stream: 'shop', artifact: Buffer.from('m'), lineage: null, createdMs: 0 });
  const ran: string[] = [];
  /** Reads of the state that are asked for and not answered yet. */
  let slow: Promise<void> | null = null;
  const read = async (stream: string): Promise<MonitorState | null> => {
    const [found, wait] = [await store.state(stream), slow];
    slow = null;
    await wait;
    return found;
  };
  const work = gate();
  const controller = new Controller({
    store: { state: read },
    hold: (await store.hold('test'))!,
    clock,
    policy: () => policyWith(),
    messages: () => [],
    effects: {
      run: async ({ kind }: Effect) => {
        ran.push(kind);
        await work.passed;
        return { kind: 'failed', code: 'too_little_data', detail: 'no windows' };
      },
    },
  });
  const command = (command: { kind: 'adopt'; model: typeof model; trainedMs: number } | { kind: 'retrain' }) =>
    controller.take('shop', {
      kind: 'command',
      key: command.kind,
      actor: 'operator:a',
      atMs: START_MS,
      command,
      note: '',
    });
  await command({ kind: 'adopt', model, trainedMs: START_MS });
  await command({ kind: 'retrain' });

  const answer = gate();
  slow = answer.passed;
  const looked = controller.resume('shop');
  work.open();
  await controller.settle();
  answer.open();
  await looked;
  await controller.settle();
  expect(ran).toEqual(['train']);
});
