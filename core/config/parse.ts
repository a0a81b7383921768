import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../errors.ts';
import { overridesOf } from './environment.ts';
import { type Path, pathText } from './json-schema.ts';
import { problemsOf } from './problems.ts';
import { type Config, rootConfig } from './root.ts';

const TEXT_MAX_BYTES = 1024 * 1024;

type Tree = Record<string, unknown>;

export interface ConfigSource {
  /** The text of tidewatch.yaml (JSON is YAML too), or what it says as an object. Default: all defaults. */
  text?: string;
  object?: unknown;
  /** What messages call the file. */
  file?: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** Reads the file of a `…File` key; without it those keys stay as they are. */
  readSecret?: (path: string) => Result<string>;
}

export interface LoadedConfig {
  /** Frozen to its leaves. */
  config: Config;
  /** What file, environment and secret files say, before defaults. */
  input: Tree;
  /** Where a key of `input` came from, by path: "tidewatch.yaml:12", "TIDEWATCH_PORT", "file /run/secrets/token". */
  origins: ReadonlyMap<string, string>;
}

/** Secrets that may be kept in a file named by the same key with `File` after it. */
export const SECRETS = [
  ['http', 'token'],
  ['database', 'url'],
  ['kafka', 'password'],
  ['notify', 'secret'],
  ['alerts', 'secret'],
] as const;

/** Error: config_invalid, whose detail lists everything that is wrong, one line each. */
export function parseConfig(source: ConfigSource = {}): Result<LoadedConfig> {
  const file = source.file ?? 'tidewatch.yaml';
  const problems: string[] = [];
  const origins = new Map<string, string>();
  const input = source.text === undefined ? copy(source.object ?? {}) : readYaml(source.text, file, origins, problems);
  if (problems.length > 0) return fail('config_invalid', problems.join('\n'));

  const environment = overridesOf(source.env ?? {});
  problems.push(...environment.problems);
  for (const { path, value, variable } of environment.overrides) {
    if (isTree(input) && place(input, path, value)) origins.set(pathText(path), variable);
    else problems.push(`${variable}: ${pathText(path)} does not fit what is there`);
  }
  if (source.readSecret && isTree(input)) readSecrets(input, source.readSecret, origins, problems);

  const parsed = rootConfig.safeParse(input);
  if (!parsed.success) {
    const from = (path: Path) => {
      const origin = origins.get(pathText(path));
      return origin ? ` (${origin})` : '';
    };
    problems.push(...problemsOf(parsed.error.issues, input, from));
  }
  if (!parsed.success || problems.length > 0) return fail('config_invalid', problems.join('\n'));
  return ok({ config: freeze(parsed.data), input: input as Tree, origins });
}

function readYaml(text: string, file: string, origins: Map<string, string>, problems: string[]): unknown {
  if (text.length > TEXT_MAX_BYTES) {
    problems.push(`${file}: is larger than ${TEXT_MAX_BYTES} bytes`);
    return {};
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    problems.push(`${file}:${line}:${col}: ${error.message}`);
  }
  if (problems.length > 0) return {};
  const mark = (node: unknown, path: Path): void => {
    const items = isMap(node) || isSeq(node) ? node.items : [];
    for (const [i, item] of (items as unknown[]).entries()) {
      const pair = isMap(node) ? (item as { key: unknown; value: unknown }) : { key: null, value: item };
      const step = isMap(node) ? String(isScalar(pair.key) ? pair.key.value : pair.key) : i;
      const range = ((isMap(node) ? pair.key : item) as { range?: [number, number, number] } | null)?.range;
      if (range) origins.set(pathText([...path, step]), `${file}:${lines.linePos(range[0]).line}`);
      mark(pair.value, [...path, step]);
    }
  };
  mark(document.contents, []);
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

/** Sets the value, making sections and list items on the way; false where something else stands in the way. */
function place(input: Tree, path: Path, value: unknown): boolean {
  let at: Tree | unknown[] = input;
  for (const [i, step] of path.entries()) {
    if (typeof step === 'number' ? !Array.isArray(at) || step > at.length : Array.isArray(at)) return false;
    const here = at as Tree;
    if (i === path.length - 1) {
      here[step] = value;
      return true;
    }
    here[step] ??= typeof path[i + 1] === 'number' ? [] : {};
    if (typeof here[step] !== 'object') return false;
    at = here[step] as Tree;
  }
  return false;
}

function readSecrets(
  input: Tree,
  read: (path: string) => Result<string>,
  origins: Map<string, string>,
  problems: string[],
): void {
  for (const [name, key] of SECRETS) {
    const section = input[name];
    const path = isTree(section) ? section[`${key}File`] : undefined;
    if (!isTree(section) || typeof path !== 'string' || section[key] !== undefined) continue;
    const secret = read(path);
    if (secret.ok) {
      section[key] = secret.value.trim();
      delete section[`${key}File`];
      origins.set(`${name}.${key}`, `file ${path}`);
    } else {
      problems.push(
        `${name}.${key}File: got ${JSON.stringify(path)}, wanted a file that can be read (${secret.fault.detail})`,
      );
    }
  }
}

const isTree = (value: unknown): value is Tree => value !== null && typeof value === 'object' && !Array.isArray(value);

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  return isTree(value) ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copy(v)])) : value;
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
