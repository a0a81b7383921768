import { readFile } from 'node:fs/promises';
import { orThrow, TidewatchError } from '../core/errors.ts';
import { policyFromText } from '../monitor/decide/reload.ts';
import type { Policy } from '../monitor/decide/types.ts';

const MAX_BYTES = 1_000_000;

/**
 * The policy of each stream by a file: a whole configuration, or the keys of streams[].policy alone, which are meant for
 * all. Throws file_missing; what is returned throws config_invalid, naming each key.
 */
export async function readPolicy(file: string): Promise<(stream: string) => Policy> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TidewatchError('file_missing', `${file}: ${cause.code ?? cause.message}`, { cause });
  });
  if (text.length > MAX_BYTES) throw new TidewatchError('config_invalid', `${file}: larger than ${MAX_BYTES} bytes`);
  return (stream) => orThrow(policyFromText(text, { stream, file }));
}
