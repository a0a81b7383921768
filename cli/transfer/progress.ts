import type { Clock } from '../../core/clock.ts';
import type { Sent } from '../../scenarios/produce/produce.ts';
import { progress } from '../ui/progress.ts';

/** A progress bar for work whose number of records is only estimated, by the share of the files that is read. */
export function transferProgress(label: string, clock: Clock) {
  const bar = progress(label, { total: 0, unit: 'records' });
  const startedMs = clock.elapsed();
  let firstShare = Number.NaN;
  return {
    /** records: all so far; share: of the whole, 0 to 1; sent: by this run. */
    update(records: number, share: number, sent: Sent): void {
      if (Number.isNaN(firstShare)) firstShare = share;
      const seconds = (clock.elapsed() - startedMs) / 1000;
      bar.total(Math.max(records, Math.round(records / Math.max(share, 1e-6))));
      const rate = seconds > 0 ? sent.bytes / 1e6 / seconds : 0;
      const gained = share - firstShare;
      const eta = gained > 0 && share < 1 ? `, ${duration((seconds * (1 - share)) / gained)} left` : '';
      bar.update(records, `${rate.toFixed(1)} MB/s${eta}`);
    },
    end: () => bar.end(),
  };
}

/** "42 s", "3 min", "2.5 h". */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5_400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
