import type { StreamConfig } from '../core/config/stream.ts';
import type { Decoder, FoldFactory } from '../ingest/ports.ts';
import { Fold } from './fold.ts';

/** How a partition loop makes and restores the folds of a stream's partition. */
export const foldsFor = (config: StreamConfig, decoder: Decoder, partition = 0): FoldFactory<Fold> => ({
  create: () => new Fold(config, decoder, partition),
  modelOf: Fold.modelOf,
  challengerOf: Fold.challengerOf,
  restore: (state, model, challenger) => Fold.restore(config, decoder, state, model, partition, challenger),
});
