import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { orThrow } from '../../../core/errors.ts';
import { FaultSwitchboard } from '../../../scenarios/faults/control.ts';
import { FaultInjector } from '../../../scenarios/faults/injector.ts';
import { faultsPage } from '../../../scenarios/faults/page.ts';
import { FAULTS } from '../../../scenarios/faults/table.ts';
import { FLEET_ENTITIES, METRICS } from '../../../scenarios/fleet/services.ts';
import { FLEET_METRICS } from '../collect.ts';

function switchboard() {
  const time = { nowMs: 1_000 };
  return { time, control: new FaultSwitchboard(new FaultInjector(1, FLEET_METRICS), () => time.nowMs) };
}

test('the switchboard lists every fault with the metrics it can be put on', () => {
  const { control } = switchboard();
  const kinds = new Map(control.kinds().map((kind) => [kind.name, kind]));
  expect([...kinds.keys()]).toEqual(FAULTS.map((f) => f.name));
  expect(kinds.get('latency_step')!.metrics).toEqual(['latency_ms']);
  expect(kinds.get('dropped_metric')!.metrics).toEqual(METRICS);
  for (const name of ['silence', 'delayed', 'truncated']) expect(kinds.get(name)!.metrics).toEqual([]);
  for (const kind of kinds.values()) expect(kind.title && kind.description).toBeTruthy();
  expect(control.entities()).toEqual(FLEET_ENTITIES);
});

test('a fault starts at the present of the stream and is listed until it ends or is cleared', () => {
  const { control, time } = switchboard();
  const first = orThrow(control.inject({ fault: 'leak', entity: 'cart', durationMs: 5_000 }));
  const second = orThrow(control.inject({ fault: 'silence', entity: 'edge' }));
  expect(first).toMatchObject({ startMs: 1_000, endMs: 6_000, durationMs: 5_000, metric: 'memory_bytes' });
  expect(new Set([first.id, second.id]).size).toBe(2);
  expect(control.active()).toEqual([first, second]);
  time.nowMs = 6_000;
  expect(control.active()).toEqual([second]);
  expect(control.clear(second.id)).toBe(true);
  expect(control.clear(second.id)).toBe(false);
  expect(control.active()).toEqual([]);
});

test('a fault that does not exist is refused with the nearest one', () => {
  expect(switchboard().control.inject({ fault: 'silent' })).toMatchObject({
    fault: { code: 'fault_unknown', detail: expect.stringContaining('silence') },
  });
});

test('the page of faults names each of them and is the one in docs', () => {
  const page = faultsPage();
  for (const fault of FAULTS) {
    expect(page).toContain(`## ${fault.name}\n`);
    expect(page).toContain(fault.expect);
  }
  const path = new URL('../../../docs/reference/faults.md', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(page);
});
