import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import type { StreamConfig } from '../../core/config/stream.ts';
import { TidewatchError } from '../../core/errors.ts';
import { policyOf } from '../../monitor/decide/policy.ts';
import { nextPolicy } from '../../monitor/decide/reload.ts';
import type { Policy } from '../../monitor/decide/types.ts';
import type { Metrics } from '../metrics/ports.ts';

const LOOK_MS = 5_000;

/** The policies of all streams, complete and checked. Throws config_invalid, naming stream, key and reason. */
export function policiesOf(streams: readonly StreamConfig[]): Map<string, Policy> {
  const problems: string[] = [];
  const policies = new Map<string, Policy>();
  for (const { name, policy } of streams) {
    const made = policyOf(policy);
    if (made.ok) policies.set(name, made.value);
    else problems.push(...made.fault.detail.split('\n').map((line) => `streams ${name}: policy.${line}`));
  }
  if (problems.length > 0) throw new TidewatchError('config_invalid', problems.join('\n'));
  return policies;
}

export interface PoliciesOptions {
  streams: readonly StreamConfig[];
  /** null: there is no file, so nothing can change. */
  file: string | null;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  read?: (file: string) => string;
}

/** The policies in force: read again when the file has changed; while its text is not valid the last good ones stay. */
export class Policies {
  readonly #o: PoliciesOptions;
  readonly #policies: Map<string, Policy>;
  readonly #read: (file: string) => string;
  #text: string | null = null;
  #problems: string[] = [];

  /** Throws config_invalid. */
  constructor(options: PoliciesOptions) {
    this.#o = options;
    this.#policies = policiesOf(options.streams);
    this.#read = options.read ?? ((file) => readFileSync(file, 'utf8'));
    options.metrics.set('tidewatch_config_last_reload_successful', {}, 1);
  }

  /** Throws not_found for a stream that is not configured. */
  readonly of = (stream: string): Policy => {
    const policy = this.#policies.get(stream);
    if (policy === undefined) throw new TidewatchError('not_found', `stream ${stream}`);
    return policy;
  };

  /** Why what was read last is not in force; [] while it is. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Looks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.look();
      await this.#o.clock.sleep(LOOK_MS, signal);
    }
  }

  look(): void {
    const { file, streams, env, logger } = this.#o;
    if (file === null) return;
    let text: string;
    try {
      text = this.#read(file);
    } catch (cause) {
      // an editor may be replacing it
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      this.#tell([`${file} cannot be read (${code}); the last good policy stays`]);
      return;
    }
    if (text === this.#text && this.#problems.length === 0) return;
    this.#text = text;
    const problems = new Set<string>();
    for (const { name } of streams) {
      const before = this.of(name);
      const { policy, problem } = nextPolicy(before, text, { stream: name, file, env });
      if (problem !== null) problems.add(problem);
      else if (JSON.stringify(policy) !== JSON.stringify(before)) {
        this.#policies.set(name, policy);
        logger.info({ stream: name }, 'its policy was read again and is in force; other keys take effect at a start');
      }
    }
    this.#tell([...problems]);
  }

  #tell(problems: string[]): void {
    const { logger, metrics } = this.#o;
    const known = new Set(this.#problems);
    for (const problem of problems) if (!known.has(problem)) logger.error({ problem }, 'the policy was not read again');
    this.#problems = problems;
    metrics.set('tidewatch_config_last_reload_successful', {}, problems.length === 0 ? 1 : 0);
  }
}
