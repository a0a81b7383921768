import { Document, isCollection, isNode } from 'yaml';
import { type EffectiveValue, effective } from '../../core/config/effective.ts';
import { jsonSchema } from '../../core/config/json-schema.ts';
import { type AddCommand, examples } from '../command.ts';
import { type FileConfig, loadConfig } from '../load-config.ts';
import { colours } from '../ui/colours.ts';
import { print, printJson } from '../ui/output.ts';

const FILE_OPTION = [
  '-f, --file <file>',
  'configuration to read (default: tidewatch.yaml, where there is one)',
] as const;

interface Options {
  file?: string;
  json?: boolean;
}

export const configCommand: AddCommand = (program) => {
  const config = program
    .command('config')
    .description('Check, show and describe the configuration.')
    .addHelpText(
      'after',
      examples(
        ['tidewatch config check', 'everything that is wrong with tidewatch.yaml, at once'],
        ['tidewatch config show --json', 'each key in force and where it came from'],
        ['tidewatch config schema > schema.json', 'a JSON Schema for editors'],
      ),
    );

  config
    .command('check')
    .description('Say whether the configuration is valid, and if not, everything that is wrong with it.')
    .option(...FILE_OPTION)
    .option('--json', 'for scripts')
    .addHelpText('after', examples(['tidewatch config check --file staging.yaml', 'exits 2 when it is invalid']))
    .action((options: Options) => {
      const loaded = loadConfig({ file: options.file });
      const streams = loaded.config.streams.map((s) => s.name);
      if (options.json) return printJson({ valid: true, file: loaded.file, streams });
      const c = colours();
      print(
        `${c.green('ok')} ${loaded.file ?? 'no file, all defaults'}: ${streams.length} streams (${streams.join(', ')})`,
      );
    });

  config
    .command('show')
    .description('Print every key that is in force with where it came from. Secrets are masked.')
    .option(...FILE_OPTION)
    .option('--json', 'for scripts: a list of {key, value, origin}')
    .addHelpText(
      'after',
      examples(['TIDEWATCH_PORT=9000 tidewatch config show', 'with what the environment overrides']),
    )
    .action((options: Options) => {
      const loaded = loadConfig({ file: options.file });
      if (options.json)
        return printJson(effective(loaded).map(({ path, value, origin }) => ({ key: path.join('.'), value, origin })));
      print(asYaml(loaded).trimEnd());
    });

  config
    .command('schema')
    .description('Print the JSON Schema of tidewatch.yaml.')
    .addHelpText('after', examples(['tidewatch config schema > tidewatch.schema.json', 'for completion in an editor']))
    .action(() => printJson(jsonSchema()));
};

/** A configuration that could be used as it stands, but for the masked secrets; origins are comments. */
function asYaml(loaded: FileConfig): string {
  const values = effective(loaded).filter(({ value }) => value !== undefined);
  const document = new Document({});
  for (const leaf of values) place(document, leaf);
  return document.toString({ lineWidth: 0 });
}

function place(document: Document, { path, value, origin }: EffectiveValue): void {
  for (let depth = 1; depth < path.length; depth++) {
    const section = path.slice(0, depth);
    if (!document.hasIn(section))
      document.setIn(section, document.createNode(typeof path[depth] === 'number' ? [] : {}));
  }
  const node = document.createNode(value);
  if (isCollection(node)) node.flow = true;
  if (isNode(node)) node.comment = ` ${origin}`;
  document.setIn(path, node);
}
