import { existsSync, readFileSync } from 'node:fs';
import { CONFIG_FILE_VARIABLE } from '../core/config/environment.ts';
import { type LoadedConfig, parseConfig } from '../core/config/parse.ts';
import { fail, ok, orThrow, type Result, TidewatchError } from '../core/errors.ts';

export const DEFAULT_FILE = 'tidewatch.yaml';

export interface LoadOptions {
  /** --file; else TIDEWATCH_CONFIG; else tidewatch.yaml where there is one; else the defaults. */
  file?: string | undefined;
  env?: Readonly<Record<string, string | undefined>>;
}

export interface FileConfig extends LoadedConfig {
  /** null when there is no file and the defaults serve. */
  file: string | null;
}

/** Throws TidewatchError config_invalid or file_missing. */
export function loadConfig({ file, env = process.env }: LoadOptions = {}): FileConfig {
  const named = file ?? (env[CONFIG_FILE_VARIABLE] || undefined);
  const path = named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null);
  const text = path === null ? undefined : read(path);
  if (text && !text.ok) throw new TidewatchError(text.fault.code, text.fault.detail);
  const source = { env, readSecret: read, file: path ?? DEFAULT_FILE };
  return { ...orThrow(parseConfig(text?.ok ? { ...source, text: text.value } : source)), file: path };
}

function read(path: string): Result<string> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    return fail('file_missing', `${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
