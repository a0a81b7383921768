import { formatDuration } from '../../core/config/duration.ts';
import { type Config, isLoopback, SOURCE_STREAMS } from '../../core/config/root.ts';
import type { StreamStatus } from '../../monitor/ports.ts';
import { type Colours, colours } from '../ui/colours.ts';

/** What the process is doing and what to try next, line by line, once it listens. */
export function greeting(
  config: Config,
  url: string,
  streams: readonly StreamStatus[],
  version: string,
  c: Colours = colours(),
): string[] {
  const lines = [`${c.bold(`Tidewatch ${version}`)} listens on ${c.cyan(url)}`];
  if (!isLoopback(config.http.host))
    lines.push(row('', 'on every request a token is wanted; browsers ask for it as a password, with any name'));
  lines.push(row('watches', watched(config).join(', ')));
  const waiting = streams.filter((s) => s.training !== null && s.stream !== SOURCE_STREAMS.demo);
  if (waiting.length > 0) lines.push(row('learns', learning(config, waiting)));
  lines.push(row('keeps', `everything in ${config.dataDir}; its log is ${config.dataDir}/tidewatch.log`));
  if (config.sources.demo.enabled)
    lines.push(row('try', `open it and inject a fault, or run: ${c.bold('npx tidewatch inject latency_step')}`));
  if (config.sources.http.enabled) lines.push(row('send', c.bold(example(config, url))));
  lines.push(row('stop', 'with Ctrl-C; the next start goes on from there'));
  return lines;
}

const row = (name: string, text: string): string => `  ${name.padEnd(8)} ${text}`;

function watched({ sources, streams }: Config): string[] {
  const own: readonly string[] = Object.values(SOURCE_STREAMS);
  return [
    ...(sources.host.enabled ? [`this machine (${SOURCE_STREAMS.host})`] : []),
    ...(sources.demo.enabled ? [`a demo fleet of twelve services (${SOURCE_STREAMS.demo})`] : []),
    ...(sources.http.enabled ? [`what you send (${SOURCE_STREAMS.http})`] : []),
    ...streams.map((s) => s.name).filter((name) => !own.includes(name)),
  ];
}

function learning(config: Config, waiting: readonly StreamStatus[]): string {
  const parts = waiting.map(({ stream, training }) => {
    const { windows, needed } = training!;
    const hopMs = config.streams.find((s) => s.name === stream)!.window.hopMs;
    return `${stream} after ${roughly((needed - windows) * hopMs)}`;
  });
  return `${parts.join(', ')} of data; until then the fallback judges`;
}

const MINUTE_MS = 60_000;

/** To the minute, or to the second when it is less than one. */
function roughly(ms: number): string {
  const unitMs = ms < MINUTE_MS ? 1000 : MINUTE_MS;
  return formatDuration(Math.ceil(ms / unitMs) * unitMs);
}

function example({ http }: Config, url: string): string {
  const token = http.token === undefined ? '' : " -H 'Authorization: Bearer TOKEN'";
  return `printf 'cpu,host=a value=1\\n' | curl -i${token} --data-binary @- ${url}/api/v2/write`;
}
