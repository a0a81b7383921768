import type { DecodeSink } from '../ingest/ports.ts';

/** Where generated telemetry goes: the half of a decoder's sink that well-formed data needs. Samples are reused; copy what you keep. */
export type SampleSink = Pick<DecodeSink, 'sample' | 'event'>;
