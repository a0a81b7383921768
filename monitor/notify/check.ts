import { TidewatchError } from '../../core/errors.ts';
import type { MaintenanceWindow } from './ports.ts';

/** Longer than that nobody remembers that it is on. */
export const MAX_MAINTENANCE_MS = 92 * 86_400_000;
const MAX_REASON_CHARS = 4_000;

/** Throws TidewatchError request_invalid. */
export function checkMaintenance({ id, fromMs, toMs, reason }: Omit<MaintenanceWindow, 'endedMs' | 'endedBy'>): void {
  const wrong = (what: string) => new TidewatchError('request_invalid', `maintenance window ${id}: ${what}`);
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs)) throw wrong('fromMs and toMs are whole numbers');
  if (toMs <= fromMs) throw wrong('it ends before it begins');
  if (toMs - fromMs > MAX_MAINTENANCE_MS) throw wrong('it lasts longer than 92 days');
  if (reason.length > MAX_REASON_CHARS) throw wrong(`the reason is longer than ${MAX_REASON_CHARS} characters`);
}
