import { z } from 'zod';
import { DURATION_PATTERN, formatDuration } from './duration.ts';
import { rootConfig } from './root.ts';
import { formatSize, SIZE_PATTERN } from './size.ts';

/** As much of JSON Schema as the configuration uses. */
export interface SchemaNode {
  type?: string | string[];
  description?: string;
  default?: unknown;
  secret?: true;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  items?: SchemaNode;
  enum?: string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  additionalProperties?: boolean;
  [key: string]: unknown;
}

let made: SchemaNode | undefined;

/** tidewatch.yaml as JSON Schema (draft 2020-12), for editors, for documents and for messages. Not to be altered. */
export function jsonSchema(): SchemaNode {
  made ??= {
    ...(z.toJSONSchema(rootConfig, {
      io: 'input',
      override: ({ zodSchema, jsonSchema: node }) => {
        if (node.pattern === SIZE_PATTERN) {
          delete node.anyOf;
          (node as SchemaNode).type = ['string', 'number'];
        }
        // Safe integers are every integer that a file can hold: no limit worth showing.
        if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
        if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
        const { def } = zodSchema._zod;
        if (def.type === 'default') (node as SchemaNode).default = asWritten(node.pattern, def.defaultValue);
      },
    }) as SchemaNode),
    title: 'tidewatch.yaml',
  };
  return made;
}

/** A default in the form in which a person writes it: durations and sizes as text. */
function asWritten(pattern: string | undefined, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (pattern === DURATION_PATTERN) return formatDuration(value);
  return pattern === SIZE_PATTERN ? formatSize(value) : value;
}

export type Path = readonly (string | number)[];

/** The part of the schema at a path, or null where there is none. */
export function schemaAt(path: Path): SchemaNode | null {
  let node: SchemaNode | undefined = jsonSchema();
  for (const step of path) {
    node = typeof step === 'number' ? node.items : own(node.properties, step);
    if (!node) return null;
  }
  return node;
}

export const own = <T>(record: Record<string, T> | undefined, key: string): T | undefined =>
  record && Object.hasOwn(record, key) ? record[key] : undefined;

/** What a key takes, in words: "a whole number from 1 to 1000". */
export function wanted(node: SchemaNode): string {
  const { minimum, maximum } = node;
  if (node.enum) return `one of ${node.enum.join(', ')}`;
  if (node.pattern === DURATION_PATTERN) return 'a duration such as 250ms, 10s, 5m, 6h or 30d';
  if (node.pattern === SIZE_PATTERN) return 'a size such as 8MiB or 1GiB';
  if (node.type === 'integer' || node.type === 'number') {
    const noun = node.type === 'integer' ? 'a whole number' : 'a number';
    if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}`;
    return minimum === undefined ? noun : `${noun} of at least ${minimum}`;
  }
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'string')
    return node.maxLength ? `a text of ${node.minLength ?? 0} to ${node.maxLength} characters` : 'a text';
  if (node.type === 'array') {
    const { minItems = 0, maxItems } = node;
    const count = maxItems ? ` of ${minItems} to ${maxItems}` : minItems ? ` of at least ${minItems}` : '';
    return `a list${count}${node.items?.type === 'string' ? (count ? ' texts' : ' of texts') : ''}`;
  }
  return 'a section of keys';
}

/** `streams[1].window.size` */
export const pathText = (path: Path): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
