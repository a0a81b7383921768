import { closest, distance } from 'fastest-levenshtein';
import { parse } from 'yaml';
import { jsonSchema, own, type Path, type SchemaNode, schemaAt } from './json-schema.ts';

/** Names of their own for the keys that deployments set most. */
export const SHORT_NAMES: Readonly<Record<string, Path>> = {
  TIDEWATCH_PORT: ['http', 'port'],
  TIDEWATCH_HTTP_HOST: ['http', 'host'],
  TIDEWATCH_TOKEN: ['http', 'token'],
  TIDEWATCH_TOKEN_FILE: ['http', 'tokenFile'],
  TIDEWATCH_DATABASE_URL: ['database', 'url'],
  TIDEWATCH_DATABASE_URL_FILE: ['database', 'urlFile'],
  TIDEWATCH_BROKERS: ['kafka', 'brokers'],
  TIDEWATCH_KAFKA_PASSWORD_FILE: ['kafka', 'passwordFile'],
  TIDEWATCH_DATA_DIR: ['dataDir'],
  TIDEWATCH_LOG_LEVEL: ['logLevel'],
};
/** Path of the configuration file itself; read by cli/. */
export const CONFIG_FILE_VARIABLE = 'TIDEWATCH_CONFIG';

const PREFIX = 'TIDEWATCH__';
const TYPO_EDITS = 2;

export interface Override {
  path: Path;
  value: unknown;
  variable: string;
}

/**
 * What the environment overrides: a short name, or TIDEWATCH__HTTP__PORT for http.port (keys in any case, with or
 * without single underscores between their words; list items by number). An unknown key after TIDEWATCH__ and a near
 * miss of a short name are problems; other TIDEWATCH_ names are left alone, since orchestrators make such up.
 */
export function overridesOf(env: Readonly<Record<string, string | undefined>>): {
  overrides: Override[];
  problems: string[];
} {
  const overrides: Override[] = [];
  const problems: string[] = [];
  for (const variable of Object.keys(env).sort()) {
    const text = env[variable];
    if (text === undefined || !variable.startsWith('TIDEWATCH_')) continue;
    const short = own(SHORT_NAMES, variable);
    if (short) {
      // Kubernetes sets NAME_PORT=tcp://… for every service called NAME.
      if (!(variable === 'TIDEWATCH_PORT' && text.startsWith('tcp://')))
        overrides.push({ path: short, value: text, variable });
    } else if (variable.startsWith(PREFIX)) {
      const path = pathOf(variable.slice(PREFIX.length).split('__'));
      if (Array.isArray(path)) overrides.push({ path, value: text, variable });
      else problems.push(`${variable}: there is no such key; did you mean ${PREFIX}${path.nearest}?`);
    } else {
      const names = [...Object.keys(SHORT_NAMES), CONFIG_FILE_VARIABLE];
      const near = closest(variable, names);
      if (distance(variable, near) <= TYPO_EDITS && near !== variable)
        problems.push(`${variable}: there is no such variable; did you mean ${near}?`);
    }
  }
  for (const override of overrides) override.value = typed(override);
  return { overrides, problems };
}

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();
const shouted = (key: string): string => key.replace(/[A-Z]/g, '_$&').toUpperCase();

function pathOf(steps: string[]): (string | number)[] | { nearest: string } {
  const path: (string | number)[] = [];
  let node: SchemaNode = jsonSchema();
  for (const [i, step] of steps.entries()) {
    const before = steps
      .slice(0, i)
      .map((s) => `${s}__`)
      .join('');
    if (node.items && /^\d{1,3}$/.test(step)) {
      path.push(Number(step));
      node = node.items;
      continue;
    }
    const keys = Object.keys(node.properties ?? {});
    const key = keys.find((k) => plain(k) === plain(step));
    if (key === undefined) {
      if (keys.length === 0) return { nearest: before.slice(0, -2) + (node.items ? '__0' : '') };
      return { nearest: before + shouted(nearestKey(step, keys)) };
    }
    path.push(key);
    node = node.properties![key]!;
  }
  return path;
}

const nearestKey = (step: string, keys: string[]): string =>
  keys.reduce((best, key) => (distance(plain(step), plain(key)) < distance(plain(step), plain(best)) ? key : best));

/** Text keys take the text as it is; others are read as YAML, so 8484, true and [a, b] work. */
function typed({ path, value }: Override): unknown {
  if ([schemaAt(path)?.type].flat().includes('string')) return value;
  try {
    return parse(String(value), { maxAliasCount: 0 });
  } catch {
    return value; // not YAML, so it stays the text that the schema then refuses by its key
  }
}
