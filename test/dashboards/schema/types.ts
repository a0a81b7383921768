import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import type { Schema, Types } from './derive.ts';

const require = createRequire(import.meta.url);
const SDK = '@grafana/grafana-foundation-sdk';
const FOLDER = dirname(dirname(require.resolve(`${SDK}/dashboard`)));

/** Where the types of a package are declared: those that Grafana publishes, and `own`. */
export const fileOf = (pack: string): string =>
  pack === 'own' ? join(import.meta.dirname, 'own.ts') : join(FOLDER, pack, 'types.gen.d.ts');

/** Every kind of panel that there are types for, with the package of its types. */
export const PANEL_KINDS: ReadonlyMap<string, string> = new Map(
  readdirSync(FOLDER).flatMap((pack) => {
    const { PanelBuilder } = /^dashboardv?\d?/.test(pack) ? { PanelBuilder: undefined } : require(`${SDK}/${pack}`);
    return PanelBuilder === undefined ? [] : [[new PanelBuilder().build().type as string, pack] as const];
  }),
);

/** Every unit that Grafana has a name for. */
export const UNITS: readonly string[] = Object.values(require(`${SDK}/units`) as Record<string, string>);

/** What is wrong with a value, one line each: where and what. */
export type Complain = (value: unknown) => string[];

/** A check against a type that was derived, with what else its schemas refer to. */
export function complaints(types: Types, root: Schema, more: Readonly<Record<string, Schema>> = {}): Complain {
  // Compiled once and used a few times: to make the code smaller takes longer than to run it.
  const ajv = new Ajv({
    allErrors: true,
    code: { optimize: false },
    verbose: true,
    discriminator: true,
    strictTypes: false,
  });
  const validate = ajv.compile({ ...root, $defs: { ...types.defs, ...more } });
  // that a branch was taken is no fault of its own
  const faults = () => (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
  return (value) => (validate(value) ? [] : faults().map(lineOf));
}

/** Lists of what is allowed may be long. */
const MOST_CHARACTERS = 160;

const lineOf = ({ instancePath, message, params, data }: ErrorObject): string => {
  const [wanted, found] = [params, data].map((value) => (JSON.stringify(value) ?? '').slice(0, MOST_CHARACTERS));
  return `${instancePath || '/'} ${message} ${wanted}: ${found}`;
};
