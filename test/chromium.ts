import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** A browser, or the reason why none can start here. */
export type Chromium = { browser: Browser; about: string } | { browser: null; reason: string };

const VERSION_TIMEOUT_MS = 20_000;
const UNPACK_TIMEOUT_MS = 180_000;
const LAUNCH_TIMEOUT_MS = 60_000;
const FONTS = 'tidewatch-fonts.conf';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome-headless-shell'];

interface Candidate {
  path: string;
  /** Where libraries are that the machine may lack; tried only when it does. */
  libraries?: string;
  fonts?: string;
}

/**
 * Starts CHROMIUM_PATH, else a Chromium on PATH, else the one that comes from npm. Where none starts, the caller skips
 * and prints the reason; with CI=true that is a failure, because a check that silently stops running is worse than none.
 */
export async function launchChromium(): Promise<Chromium> {
  let reason: string;
  try {
    const candidate = find();
    const env = workingEnvironment(candidate);
    const args = ['--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'];
    if (process.getuid?.() === 0) args.push('--no-sandbox');
    const browser = await chromium.launch({
      executablePath: candidate.path,
      args,
      env,
      timeout: LAUNCH_TIMEOUT_MS,
    });
    return { browser, about: `Chromium ${browser.version()} at ${candidate.path}` };
  } catch (cause) {
    reason = cause instanceof Error ? cause.message.split('\n').slice(0, 6).join(' ') : String(cause);
  }
  if (process.env.CI === 'true') throw new Error(`no Chromium could be started, and CI=true: ${reason}`);
  console.warn(`SKIPPED: browser tests, because no Chromium could be started: ${reason}`);
  return { browser: null, reason };
}

function find(): Candidate {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (!existsSync(named)) throw new Error(`CHROMIUM_PATH names ${named}, which does not exist`);
    return { path: named };
  }
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (folder !== '' && existsSync(path)) return { path };
    }
  }
  return unpacked();
}

/**
 * The Chromium of @sparticuz/chromium, unpacked once beside node_modules. Its own unpacking writes to the shared
 * temporary folder and is not atomic, so it runs in a process of its own, into a fresh folder that is then renamed.
 */
function unpacked(): Candidate {
  const require = createRequire(import.meta.url);
  const root = dirname(dirname(dirname(require.resolve('@sparticuz/chromium'))));
  const version = String(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
  const cache = join(dirname(dirname(root)), '.cache', 'tidewatch');
  const home = join(cache, `chromium-${version}`);
  if (!existsSync(join(home, 'chromium'))) {
    mkdirSync(cache, { recursive: true });
    const fresh = mkdtempSync(join(cache, 'unpacking-'));
    const script = `import('@sparticuz/chromium').then((m) => m.default.executablePath())`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: dirname(dirname(root)),
      // The package unpacks its libraries only where it believes to be in a Lambda function.
      env: { ...process.env, TMPDIR: fresh, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x', NODE_OPTIONS: '' },
      encoding: 'utf8',
      timeout: UNPACK_TIMEOUT_MS,
    });
    try {
      if (run.status !== 0) throw new Error(`Chromium could not be unpacked: ${lastLine(run)}`);
      writeFileSync(join(fresh, FONTS), fontsConfiguration(home));
      renameSync(fresh, home);
    } catch (cause) {
      // Another test file may have been quicker.
      if (!existsSync(join(home, 'chromium'))) throw cause;
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  return { path: join(home, 'chromium'), libraries: join(home, 'al2023', 'lib'), fonts: join(home, FONTS) };
}

/** The machine's own fonts, and those that came with the browser. */
function fontsConfiguration(home: string): string {
  const folders = ['/usr/share/fonts', '/usr/local/share/fonts', join(home, 'fonts', 'fonts')];
  const lines = [
    ...folders.map((folder) => `<dir>${folder}</dir>`),
    `<cachedir>${join(home, 'font-cache')}</cachedir>`,
  ];
  return `<?xml version="1.0"?>\n<fontconfig>\n${lines.join('\n')}\n</fontconfig>\n`;
}

/** The environment in which the binary loads: as it is, else with the libraries that came with it. */
function workingEnvironment(candidate: Candidate): NodeJS.ProcessEnv {
  const plain = { ...process.env };
  // Small containers have no fonts at all, and text without a font has no height.
  if (candidate.fonts && existsSync(candidate.fonts) && !process.env.FONTCONFIG_FILE)
    plain.FONTCONFIG_FILE = candidate.fonts;
  const first = version(candidate.path, plain);
  if (first.status === 0) return plain;
  if (candidate.libraries) {
    const inherited = process.env.LD_LIBRARY_PATH;
    const paths = inherited ? `${candidate.libraries}${delimiter}${inherited}` : candidate.libraries;
    const env: NodeJS.ProcessEnv = { ...plain, LD_LIBRARY_PATH: paths };
    const second = version(candidate.path, env);
    if (second.status === 0) return env;
    throw new Error(`${candidate.path} does not start: ${lastLine(second)}`);
  }
  throw new Error(`${candidate.path} does not start: ${lastLine(first)}`);
}

function version(path: string, env: NodeJS.ProcessEnv): SpawnSyncReturns<string> {
  return spawnSync(path, ['--version'], { env, encoding: 'utf8', timeout: VERSION_TIMEOUT_MS });
}

function lastLine(run: SpawnSyncReturns<string>): string {
  if (run.error) return run.error.message;
  return (run.stderr || run.stdout || `exit code ${run.status}`).trim().split('\n').at(-1) ?? '';
}
