import { decoderTargets } from './decoders.ts';
import { otlpTargets } from './otlp.ts';
import { recordingTargets } from './recordings.ts';
import { stateTargets } from './states.ts';
import type { Target } from './target.ts';

/** Everything that reads bytes it did not write. A new reader adds itself here. */
export const TARGETS: readonly Target[] = [...decoderTargets, ...otlpTargets, ...recordingTargets, ...stateTargets];
