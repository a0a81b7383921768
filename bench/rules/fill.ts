import { closeSync, openSync, writeSync } from 'node:fs';
import { GIVES_WAY } from '../../core/figures.ts';
import { TRIGGERS } from '../../core/trigger-table.ts';

export const GRAIN_MS = 3_600_000;
const SCRAPE_MS = 15_000;

/** What rules read of a stream as /metrics has it, by the name of the metric: labels beside the stream, and about which value. */
function seriesOfStream(): Map<string, [labels: string, about: number][]> {
  const figures = new Map(TRIGGERS.map((trigger) => [`figure="${trigger.figure}",span="${trigger.span}"`, trigger]));
  const both = (labels: string, low: number, high: number): [string, number][] => [
    [`${labels},bound="low"`, low],
    [`${labels},bound="high"`, high],
  ];
  const bands = [...figures].filter(([, { limit }]) => limit === 'band').map(([labels]) => labels);
  const measured = [...figures].filter(([, { figure, limit }]) => limit === 'measured' || GIVES_WAY.has(figure));
  return new Map<string, [string, number][]>([
    ['tidewatch_figure', [...figures].map(([labels, { limit }]) => [labels, typeof limit === 'number' ? limit : 1])],
    [
      'tidewatch_figure_limit',
      [
        ...bands.flatMap((labels) => both(labels, 0.2, 5)),
        ...measured.map(([labels]): [string, number] => [`${labels},bound="high"`, 0.3]),
      ],
    ],
    ['tidewatch_figure_interval', bands.flatMap((labels) => both(labels, 0.5, 2))],
  ]);
}

/** Samples until a time, as promtool imports them: each value stays for a grain, and is scraped all the while. */
export function writeSamples(file: string, streams: readonly string[], untilMs: number, spanMs: number): number {
  const out = openSync(file, 'w');
  let samples = 0;
  for (const [name, some] of seriesOfStream()) {
    writeSync(out, `# TYPE ${name} gauge\n`);
    for (const stream of streams)
      for (const [labels, about] of some) {
        const lines: string[] = [];
        for (let atMs = untilMs - spanMs; atMs <= untilMs; atMs += SCRAPE_MS) {
          const value = about * (0.5 + 0.01 * (Math.floor(atMs / GRAIN_MS) % 24));
          lines.push(
            `${name}{stream="${stream}",${labels},instance="m:1",job="tidewatch_monitor"} ${value} ${atMs / 1_000}\n`,
          );
        }
        samples += lines.length;
        writeSync(out, lines.join(''));
      }
  }
  writeSync(out, '# EOF\n');
  closeSync(out);
  return samples;
}
