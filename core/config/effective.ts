import { formatDuration } from './duration.ts';
import { jsonSchema, own, type Path, pathText, type SchemaNode } from './json-schema.ts';
import type { LoadedConfig } from './parse.ts';

export interface EffectiveValue {
  path: Path;
  /** In the form in which it is written; secrets are masked; undefined where there is neither a value nor a default. */
  value: unknown;
  /** "default", "tidewatch.yaml:12", "TIDEWATCH_PORT" or "file PATH". */
  origin: string;
}

export const MASK = '********';

/** Every key that is in force with the place it came from, in the order of the schema. */
export function effective({ config, input, origins }: LoadedConfig): EffectiveValue[] {
  const out: EffectiveValue[] = [];
  const walk = (node: SchemaNode, value: unknown, path: Path, above: string): void => {
    const here = value === undefined ? 'default' : (origins.get(pathText(path)) ?? above);
    if (node.properties) {
      for (const [key, inner] of Object.entries(node.properties))
        walk(inner, own((value ?? {}) as Record<string, unknown>, key), [...path, key], here);
    } else if (node.items?.properties && Array.isArray(value ?? node.default)) {
      for (const [i, item] of ((value ?? node.default) as unknown[]).entries())
        walk(node.items, item, [...path, i], here);
    } else {
      const shown = value === undefined ? node.default : node.secret ? mask(String(value)) : value;
      out.push({ path, value: shown, origin: here });
    }
  };
  const listed = Array.isArray(input.streams) ? input.streams : [];
  // Streams that come with the sources are listed too: they are as much in force as those of the file.
  const streams = config.streams.map((stream, i) => listed[i] ?? { name: stream.name });
  walk(jsonSchema(), { ...input, streams }, [], 'default');
  return out.map((leaf) => derived(leaf, config));
}

/** Defaults that are made of other keys. */
function derived(leaf: EffectiveValue, config: LoadedConfig['config']): EffectiveValue {
  if (leaf.value !== undefined) return leaf;
  const [first, second, third, fourth] = leaf.path;
  const stream = first === 'streams' ? config.streams[Number(second)] : undefined;
  if (first === 'log' && second === 'dir') return { ...leaf, value: config.log.dir };
  if (first === 'database' && second === 'dir') return { ...leaf, value: config.database.dir };
  if (stream && third === 'topic') return { ...leaf, value: stream.topic };
  if (stream && third === 'window' && fourth === 'hop') return { ...leaf, value: formatDuration(stream.window.hopMs) };
  return leaf;
}

/** A URL keeps what helps to recognise it; a token keeps nothing. */
function mask(secret: string): string {
  const url = /^(\w+:\/\/)[^@/]*@(.*)$/.exec(secret);
  return url ? `${url[1]}${MASK}@${url[2]!.replace(/\?.*$/, '')}` : MASK;
}
