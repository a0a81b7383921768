import { expect, test } from 'vitest';
import { Steward, type StewardOptions } from '../../../cli/serving/steward.ts';
import type { Tended } from '../../../cli/serving/tended.ts';
import { ManualClock } from '../../../core/clock.ts';
import type { ControlChange, ControlEntry, ServingMode } from '../../../core/types.ts';
import type { Serving } from '../../../monitor/types.ts';
import { listener, STREAM, settle } from '../worker/hand.ts';

const ref = (modelId: string) => ({ modelId, sha256: `hash of ${modelId}` });
const SERVING: Serving = {
  revision: 1,
  champion: ref('m1'),
  challenger: null,
  calibration: null,
  mode: 'forest',
  reason: 'as decided',
};

/** A partition whose entries take effect when the test says. */
class FakePartition {
  readonly asked: ControlChange[] = [];
  readonly state = {
    serving: {
      champion: { modelId: '', calibration: null },
      challenger: null as { modelId: string } | null,
      share: 0,
    },
    mode: 'forest' as ServingMode,
  };
  refuses: (change: ControlChange) => boolean = () => false;
  objection: string | null = null;
  controlSequence = 0;

  get served(): Tended {
    const loop = {
      fold: this,
      change: async (change: ControlChange): Promise<ControlEntry> => {
        this.asked.push(change);
        if (this.refuses(change)) throw new Error('does not fit');
        return { ...change, offset: 7, sequence: this.asked.length };
      },
    };
    return {
      partition: 0,
      loop: this.#loop ?? this.#keep(loop),
      health: { objection: () => this.objection },
    } as Tended;
  }
  #loop: object | null = null;
  #keep(loop: object): object {
    this.#loop = loop;
    return loop;
  }

  get kinds(): string[] {
    return this.asked.map((change) => ('modelId' in change ? `${change.kind} ${change.modelId}` : change.kind));
  }
}

function start(partitions: FakePartition[], more: Partial<StewardOptions> = {}) {
  const clock = new ManualClock();
  const told = listener();
  const stop = new AbortController();
  const steward = new Steward({
    stream: STREAM,
    clock,
    logger: told.logger,
    served: () => partitions.map(({ served }) => served),
    serving: async () => SERVING,
    champion: async () => null,
    ...more,
  });
  const ended = steward.run(stop.signal);
  const pass = async (seconds: number) => {
    for (let s = 0; s < seconds; s++) {
      clock.advance(1_000);
      await settle();
    }
  };
  const end = async () => {
    stop.abort();
    await ended;
  };
  return { told, pass, end };
}

test('each partition is asked once for what is to serve, which takes effect some records later', async () => {
  const [one, two] = [new FakePartition(), new FakePartition()];
  two.state.serving.champion.modelId = 'm1';
  const { pass, end, told } = start([one, two]);
  await pass(300);
  expect([one.kinds, two.kinds]).toEqual([['model m1'], []]);
  expect(told.said('serves so from this offset on')).toBe(1);
  await end();
});

test('what a partition refused is asked for again a minute later, and something else at once', async () => {
  const one = new FakePartition();
  one.refuses = () => true;
  let serving = SERVING;
  const { pass, end, told } = start([one], { serving: async () => serving });
  await pass(30);
  expect([one.kinds, told.said('does not serve so here')]).toEqual([['model m1'], 1]);
  serving = { ...SERVING, champion: ref('m2') };
  await pass(2);
  expect(one.kinds).toEqual(['model m1', 'model m2']);
  await pass(62);
  expect(one.kinds).toEqual(['model m1', 'model m2', 'model m2']);
  await end();
});

test('what has been in force meanwhile is asked for at once when it is wanted again', async () => {
  const one = new FakePartition();
  let share = 0.05;
  const serving = async () => ({ ...SERVING, challenger: { ...ref('m2'), share } });
  one.state.serving.champion.modelId = 'm1';
  const { pass, end } = start([one], { serving });
  for (const next of [0.25, 0.05]) {
    await pass(2);
    one.state.serving.challenger = { modelId: 'm2' };
    one.state.serving.share = share;
    one.controlSequence = one.asked.length;
    await pass(2);
    share = next;
  }
  await pass(2);
  expect(one.asked.map((change) => 'share' in change && change.share)).toEqual([0.05, 0.25, 0.05]);
  await end();
});

test('nothing is asked for behind a change that was refused', async () => {
  const one = new FakePartition();
  one.refuses = ({ kind }) => kind === 'model';
  const { pass, end } = start([one], {
    serving: async () => ({ ...SERVING, challenger: { ...ref('m2'), share: 0 } }),
  });
  await pass(30);
  expect(one.kinds).toEqual(['model m1']);
  await end();
});

test('while the breaker objects the fallback serves, with its reason, and the forest when it no longer does', async () => {
  const one = new FakePartition();
  one.state.serving.champion.modelId = 'm1';
  one.objection = 'the forest failed on 3 of 100 windows';
  const { pass, end } = start([one]);
  await pass(2);
  expect(one.asked).toEqual([{ kind: 'mode', mode: 'fallback', reason: one.objection }]);
  one.state.mode = 'fallback';
  one.controlSequence = 1;
  await pass(2);
  one.objection = null;
  await pass(2);
  expect(one.asked.slice(1)).toEqual([{ kind: 'mode', mode: 'forest', reason: 'as decided' }]);
  await end();
});

test('an objection of the breaker does not bring back what was disabled', async () => {
  const one = new FakePartition();
  one.state.serving.champion.modelId = 'm1';
  one.state.mode = 'disabled';
  one.objection = 'slow';
  const { pass, end } = start([one], { serving: async () => ({ ...SERVING, mode: 'disabled' }) });
  await pass(5);
  expect(one.asked).toEqual([]);
  await end();
});

test('without a word of a monitor the model of the role serves; without one the first training is looked to', async () => {
  const one = new FakePartition();
  let champion: ReturnType<typeof ref> | null = null;
  let without = 0;
  const { pass, end } = start([one], {
    serving: async () => null,
    champion: async () => champion,
    withoutModel: async () => {
      without++;
    },
  });
  await pass(3);
  expect([without > 0, one.asked]).toEqual([true, []]);
  champion = ref('m1');
  await pass(2);
  expect(one.kinds).toEqual(['model m1']);
  await end();
});

test('a database that is away is told of, and looked for again', async () => {
  let calls = 0;
  const serving = async () => {
    calls++;
    throw new Error('away');
  };
  const { pass, end, told } = start([new FakePartition()], { serving });
  await pass(5);
  expect(calls).toBe(told.said('what ought to serve could not be looked up'));
  expect(calls).toBeGreaterThanOrEqual(5);
  await end();
});
