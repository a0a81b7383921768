import { SingleBar } from 'cli-progress';
import { type Clock, systemClock } from '../../core/clock.ts';

const LINE_EVERY_MS = 3_000;

export interface Progress {
  /** done: units so far, of the total. note: what is being worked on. */
  update(done: number, note?: string): void;
  /** The total turned out to be another. */
  total(total: number): void;
  end(): void;
}

export interface ProgressOptions {
  total: number;
  /** What the units are, as in "windows". */
  unit?: string;
  stream?: { isTTY?: boolean; write(text: string): unknown };
  clock?: Clock;
}

/**
 * How far long work has come, on standard error: a bar on a terminal, else a line every three seconds, and nothing at
 * all for work that is done before the first line is due.
 */
export function progress(label: string, options: ProgressOptions): Progress {
  const { unit = '', stream = process.stderr, clock = systemClock } = options;
  if (stream.isTTY) return bar(label, options.total, unit, stream as NodeJS.WriteStream);
  let { total } = options;
  let lineMs = clock.elapsed();
  let wrote = false;
  let last = 0;
  const line = (done: number, note: string) =>
    stream.write(
      `${label}: ${done} of ${total}${unit && ` ${unit}`} (${percent(done, total)})${note && `, ${note}`}\n`,
    );
  return {
    update(done, note = '') {
      last = done;
      const nowMs = clock.elapsed();
      if (nowMs - lineMs < LINE_EVERY_MS) return;
      lineMs = nowMs;
      wrote = true;
      line(done, note);
    },
    total(changed) {
      total = changed;
    },
    end() {
      if (wrote) line(last, 'done');
    },
  };
}

const percent = (done: number, total: number): string => `${total > 0 ? Math.floor((100 * done) / total) : 100} %`;

function bar(label: string, total: number, unit: string, stream: NodeJS.WriteStream): Progress {
  const single = new SingleBar({
    format: `${label} {bar} {percentage} % {value}/{total}${unit && ` ${unit}`} {note}`,
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream,
  });
  single.start(total, 0, { note: '' });
  return {
    update: (done, note = '') => single.update(done, { note }),
    total: (changed) => single.setTotal(changed),
    end: () => single.stop(),
  };
}
