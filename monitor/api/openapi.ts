import { z } from 'zod';
import type { Operation } from './operation.ts';

type Json = Record<string, unknown>;

/** The schema of what is sent (`input`) or answered (`output`), as JSON Schema 2020-12, which OpenAPI 3.1 is made of. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
};

const PROBLEM = z.strictObject({
  code: z.string().describe('A code of errors.md.'),
  message: z.string().describe('What is wrong, and where.'),
  remedy: z.string().describe('What to do.'),
});

const STATUS_WORDS: Record<number, string> = { 200: 'Done.', 201: 'Made.', 204: 'Done; there is nothing to say.' };

/** The API as an OpenAPI 3.1 document, from the very schemas that check what callers send. */
export function openApi(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const one of operations) {
    paths[one.path] ??= {};
    paths[one.path]![one.method.toLowerCase()] = described(one);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidewatch',
      version,
      description: 'What Tidewatch watches, what it decided and why, and how it is told what to do.',
    },
    paths,
    components: {
      schemas: { Problem: schemaOf(PROBLEM, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function described(one: Operation): Json {
  const status = one.status ?? 200;
  const body = status === 204 ? {} : { content: { 'application/json': { schema: schemaOf(one.answer, 'output') } } };
  return {
    operationId: one.id,
    summary: one.summary,
    security: [{ token: [one.scope] }],
    'x-scope': one.scope,
    parameters: [...parameters(one.params, 'path'), ...parameters(one.query, 'query')],
    ...(one.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(one.body, 'input') } } } }),
    responses: {
      [status]: { description: STATUS_WORDS[status], ...body },
      default: {
        description: 'Refused, or failed.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function parameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}
