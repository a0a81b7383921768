import { beforeAll, describe, expect, test } from 'vitest';
import type { Controller } from '../../../monitor/controller/controller.ts';
import { verifyChain } from '../../../monitor/ledger/verify.ts';
import type { Effect } from '../../../monitor/types.ts';
import { START_MS } from '../decide/make.ts';
import { Killed, story, World } from './world.ts';

/** Kinds of effects that the controller orders; `serve` is part of the commit, so it is never ordered. */
const EFFECTS = ['train', 'evaluate', 'recalibrate'] as const satisfies readonly Effect['kind'][];
/** Every call that the controller makes of the world. */
const CALLS = ['state', 'commit command', 'commit grain', 'commit effect', ...EFFECTS] as const;

const WHOLE = { ok: true };

/** Lets a world live through the story; whenever the controller is killed, the next one goes on from what is stored. */
async function live(world: World): Promise<void> {
  const first = world.champion();
  const grains = story();
  let at = -1;
  let controller: Controller | null = null;
  for (let deaths = 0; ; deaths++) {
    if (deaths > 50) throw new Error('it never comes to its end');
    try {
      controller = await world.controller();
      if (controller === null) throw new Error('the hold was not given back');
      await controller.resume('shop');
      await controller.settle();
      for (; at < grains.length; at++) {
        if (at < 0)
          await controller.take('shop', {
            kind: 'command',
            key: 'command adopt',
            actor: 'controller',
            atMs: START_MS,
            command: { kind: 'adopt', model: first, trainedMs: START_MS },
            note: '',
          });
        else {
          const seen = world.inForce(grains[at]!);
          await controller.take('shop', { kind: 'observation', key: `grain ${seen.atMs}`, observation: seen });
        }
        await controller.settle();
        if (controller.fenced) throw new Killed();
      }
      await controller.close();
      return;
    } catch (cause) {
      if (!(cause instanceof Killed) && !controller?.fenced) throw cause;
    }
  }
}

const left = (world: World) => ({
  decisions: world.tables.ledger.map(({ decision }) => decision),
  state: world.tables.states.get('shop'),
  serving: world.tables.serving.get('shop'),
  models: [...world.tables.models.keys()].sort(),
  roles: Object.fromEntries(world.tables.roles.get('shop') ?? []),
});

const ACTIONS = {
  good: [
    'retrain',
    'start_shadow',
    'start_canary',
    'canary_step',
    'promote',
    'hold',
    'resume',
    'recalibrate',
    'fall_back',
  ],
  bad: [
    'retrain',
    'start_shadow',
    'start_canary',
    'canary_step',
    'promote',
    'roll_back',
    'hold',
    'resume',
    'recalibrate',
    'fall_back',
  ],
} as const;

describe.each(['good', 'bad'] as const)('with a candidate that turns out %s', (kind) => {
  const undisturbed = new World(kind === 'bad');
  let expected: ReturnType<typeof left>;
  beforeAll(async () => {
    await live(undisturbed);
    expected = left(undisturbed);
  });

  test('the story goes through every kind of effect and call, and through a whole rollout', async () => {
    expect(new Set(undisturbed.calls)).toEqual(new Set(CALLS));
    const actions = new Set<string>(expected.decisions.map(({ action }) => action));
    for (const action of ACTIONS[kind]) expect(actions).toContain(action);
    expect(await verifyChain(undisturbed.tables.ledger)).toMatchObject(WHOLE);
  });

  describe.each(CALLS)('killed at %s', (call) => {
    test.each(['before', 'after'])('%s it, at any time, the next controller comes to the same end', async (when) => {
      const times = undisturbed.calls.filter((one) => one === call).length;
      // all of the rare ones, and of those that come with each grain a spread
      const step = Math.max(1, Math.floor(times / 8));
      for (let nth = 1; nth <= times; nth += step) {
        const world = new World(kind === 'bad');
        let seen = 0;
        world.killer = (point) => point === `${when} ${call}` && ++seen === nth;
        await live(world);
        expect(left(world), `killed ${when} ${call} number ${nth}`).toEqual(expected);
        expect(await verifyChain(world.tables.ledger)).toMatchObject(WHOLE);
      }
    });
  });
});

test('a controller that lost its hold changes nothing more', async () => {
  const world = new World();
  const first = world.champion();
  const old = (await world.controller())!;
  await old.take('shop', {
    kind: 'command',
    key: 'command adopt',
    actor: 'controller',
    atMs: START_MS,
    command: { kind: 'adopt', model: first, trainedMs: START_MS },
    note: '',
  });
  world.tables.loseHold();
  const now = (await world.controller())!;
  const before = left(world);
  await expect(
    old.take('shop', { kind: 'observation', key: 'grain 1', observation: world.inForce(story()[0]!) }),
  ).rejects.toThrow(/another monitor decides/);
  expect(old.fenced).toBe(true);
  expect(left(world)).toEqual(before);
  await now.close();
});

test('an input that comes twice is taken once', async () => {
  const world = new World();
  const controller = (await world.controller())!;
  const first = world.champion();
  const adopt = {
    kind: 'command',
    key: 'command adopt',
    actor: 'controller',
    atMs: START_MS,
    command: { kind: 'adopt', model: first, trainedMs: START_MS },
    note: '',
  } as const;
  expect(await controller.take('shop', adopt)).toHaveLength(1);
  expect(await controller.take('shop', adopt)).toEqual([]);
  expect(world.tables.ledger).toHaveLength(1);
  await controller.close();
});
