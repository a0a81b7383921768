/** `child.ts ENTITIES WINDOWS ROUNDS`: what counting for the monitor costs a fold. Prints MonitoringFigures as JSON. */
import { sha256Hex } from '../../core/hash.ts';
import { EVIDENCE } from '../../detector/evidence.ts';
import { Fold } from '../../detector/fold.ts';
import { saveModel } from '../../detector/model.ts';
import { modelIdOf } from '../../detector/offline.ts';
import { noOutputs } from '../../ingest/ports.ts';
import { defaultStream, Fleet, PreparedSamples, trainFleet } from '../lib/fleet.ts';
import { median } from '../lib/section.ts';

export interface MonitoringFigures {
  /** CPU time of a round, nanoseconds a point, medians: without a reference to count on, with one, and with a challenger. */
  plainNs: number;
  countedNs: number;
  challengedNs: number;
  /** Bytes of interval profiles that came out of the counted fold, and how many they were. */
  profileBytes: number;
  profiles: number;
}

const METRICS = 5;
const SECONDS = 10;
const TRAINING_WINDOWS = 300;
/** Grains are counted from here on: slow means have filled. */
const WARM_UP_WINDOWS = 160;

const [entities, windows, rounds] = process.argv.slice(2).map(Number) as [number, number, number];
const fleet = new Fleet(entities, METRICS);
const config = defaultStream();
const { model, artifact } = trainFleet(fleet, config, TRAINING_WINDOWS, entities);
const bare = saveModel({ ...model, reference: null });
/** The same forest under another name: what a challenger costs does not depend on what it says. */
const golden = { rows: model.golden.rows.slice(0, EVIDENCE), scores: model.golden.scores.slice(0, 1) };
const twin = saveModel({ ...model, golden });

class Contender {
  readonly #fold: Fold;
  readonly #load = new PreparedSamples(fleet);
  readonly #record = { offset: 0, appendMs: 0, key: null, value: new Uint8Array() };
  readonly out = noOutputs();
  readonly ns: number[] = [];
  #second = 0;
  bytes = 0;
  profiles = 0;

  constructor(champion: Uint8Array, challenger: Uint8Array | null) {
    this.#fold = new Fold(config, this.#load.decoder);
    const named = (bytes: Uint8Array) => ({ modelId: modelIdOf(bytes), sha256: sha256Hex(bytes), offset: 0 });
    this.#fold.control({ kind: 'model', ...named(champion), sequence: 1 }, this.out, champion);
    if (challenger !== null) {
      const entry = { kind: 'challenger', ...named(challenger), sequence: 2, share: 0 } as const;
      this.#fold.control(entry, this.out, challenger);
    }
    for (let w = 0; w < WARM_UP_WINDOWS; w++, this.#second += SECONDS) this.#pass(1);
  }

  #pass(seconds: number): void {
    for (let s = 0; s < seconds; s++) {
      for (let e = 0; e < entities; e++) {
        this.#load.fill(e, this.#second + s);
        this.#record.appendMs = this.#load.sample.timeMs;
        this.#fold.record(this.#record, this.out);
        this.#record.offset++;
      }
      for (const { bytes } of this.out.profiles) this.bytes += bytes.byteLength;
      this.profiles += this.out.profiles.length;
      this.out.profiles.length = this.out.verdicts.length = this.out.incidents.length = 0;
    }
  }

  round(): void {
    const cpu = process.cpuUsage();
    this.#pass(windows * SECONDS);
    this.#second += windows * SECONDS;
    const { user, system } = process.cpuUsage(cpu);
    this.ns.push(((user + system) * 1000) / (windows * SECONDS * entities * METRICS));
  }
}

const [plain, counted, challenged] = [
  new Contender(bare, null),
  new Contender(artifact, null),
  new Contender(artifact, twin),
];
for (let round = 0; round < rounds; round++) {
  // taking turns, and each first as often: what else the machine does meets all alike
  const order = [plain, counted, challenged];
  for (let i = 0; i < order.length; i++) order[(i + round) % order.length]!.round();
}
const figures: MonitoringFigures = {
  plainNs: median(plain.ns),
  countedNs: median(counted.ns),
  challengedNs: median(challenged.ns),
  profileBytes: counted.bytes,
  profiles: counted.profiles,
};
console.log(JSON.stringify(figures));
