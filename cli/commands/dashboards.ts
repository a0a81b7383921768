import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseConfig } from '../../core/config/parse.ts';
import { orThrow, TidewatchError } from '../../core/errors.ts';
import type { Difference } from '../../dashboards/compare.ts';
import { type AddCommand, examples } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { DEFAULT_FILE } from '../load-config.ts';
import { policiesOf } from '../monitor/policies.ts';
import { colours } from '../ui/colours.ts';
import { print } from '../ui/output.ts';

const FILE_OPTION = [
  '-f, --file <file>',
  'configuration with the streams (default: tidewatch.yaml, where there is one)',
] as const;
/** A folder with more than this is not one that was built. */
const MAX_FILES = 1000;

const SAYS: Record<Difference['is'], string> = {
  different: 'differs from what its source makes',
  missing: 'is missing',
  surplus: 'is not made by any source',
};

interface Options {
  file?: string;
}

export const dashboardsCommand: AddCommand = (program) => {
  const dashboards = program
    .command('dashboards')
    .description('Write what Grafana, Prometheus and Alertmanager read: dashboards, alert rules, their configuration.')
    .addHelpText(
      'after',
      examples(
        ['tidewatch dashboards build --out DIR', 'write every file'],
        ['tidewatch dashboards check DIR', 'whether they are what the sources make'],
      ),
    );

  dashboards
    .command('build')
    .description('Write dashboards, alert rules and their configuration for the streams of a configuration.')
    .requiredOption('-o, --out <dir>', 'folder that docker-compose.yml mounts: deploy/observability')
    .option(...FILE_OPTION)
    .addHelpText(
      'after',
      examples([
        'tidewatch dashboards build --out deploy/observability --file deploy/compose/tidewatch.yaml',
        'as in git',
      ]),
    )
    .action(async ({ out, file }: Options & { out: string }) => {
      const made = await build(file);
      for (const [name, text] of made) await writeWhole(path.join(out, name), text);
      const { differences } = await import('../../dashboards/compare.ts');
      const surplus = differences(made, await filesIn(out)).filter((one) => one.is === 'surplus');
      for (const name of made.keys()) print(`wrote ${path.join(out, name)}`);
      for (const { path: name } of surplus)
        print(`left ${path.join(out, name)}: it ${SAYS.surplus}; remove it if it is old`);
    });

  dashboards
    .command('check')
    .description(
      'Say whether a folder has what `build` would write; name each file that differs, is missing or is surplus.',
    )
    .argument('<dir>', 'folder that was built')
    .option(...FILE_OPTION)
    .addHelpText('after', examples(['tidewatch dashboards check deploy/observability', 'exits 1 when it does not']))
    .action(async (dir: string, { file }: Options) => {
      const made = await build(file);
      const { differences } = await import('../../dashboards/compare.ts');
      const found = differences(made, await filesIn(dir));
      const c = colours();
      for (const { path: name, is } of found) print(`${c.red(path.join(dir, name))} ${SAYS[is]}`);
      if (found.length > 0) process.exitCode = EXIT.different;
      else print(`${c.green('ok')} ${dir}: ${made.size} files, as their sources make them`);
    });
};

/**
 * Without the environment and without secrets, so that whoever builds from the same file makes the same. The builders are
 * loaded here alone: no other command waits for them.
 */
async function build(file: string | undefined): Promise<Map<string, string>> {
  const name = file ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null);
  const { config } = orThrow(parseConfig(name === null ? {} : { text: await textOf(name), file: name }));
  const policies = policiesOf(config.streams);
  const { build: make, optionsOf } = await import('../../dashboards/index.ts');
  return make(optionsOf(config, (stream) => policies.get(stream)!.triggers));
}

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TidewatchError('file_missing', `${file}: ${cause.code ?? cause.message}`, { cause });
  });

/** Prometheus and Grafana may be reading: a file is there as it was or as it is, never in between. */
async function writeWhole(file: string, text: string): Promise<void> {
  const partial = `${file}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(partial, text, { flag: 'wx' });
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true });
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new TidewatchError(code === 'ENOSPC' ? 'disk_full' : 'file_missing', `${file} cannot be written: ${code}`, {
      cause,
    });
  }
}

/** Text of every file below a folder by its path, with / between the steps; none when there is no such folder. */
async function filesIn(dir: string): Promise<Map<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw new TidewatchError('file_missing', `${dir}: ${cause.code ?? cause.message}`, { cause });
  });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => path.join(entry.parentPath, entry.name));
  if (files.length > MAX_FILES)
    throw new TidewatchError('config_invalid', `${dir}: more than ${MAX_FILES} files; which folder was built?`);
  const texts = await Promise.all(files.map(async (file) => [file, await textOf(file)] as const));
  return new Map(texts.map(([file, text]) => [path.relative(dir, file).split(path.sep).join('/'), text]));
}
