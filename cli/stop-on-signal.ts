import { systemClock } from '../core/clock.ts';
import { EXIT } from './exit-codes.ts';
import { print } from './ui/output.ts';

const SAME_SIGNAL_MS = 1_000;

/**
 * Aborts when somebody wants the process to end: by Ctrl-C, by a supervisor, or by closing the terminal.
 * message: what is said then, such as "Stopping: once more ends at once."
 */
export function stopOnSignal(message: string): AbortSignal {
  const stop = new AbortController();
  let firstMs = 0;
  const onSignal = (name: NodeJS.Signals) => {
    if (!stop.signal.aborted) {
      firstMs = systemClock.elapsed();
      stop.abort();
      if (message !== '') print(`${name === 'SIGINT' ? '\n' : ''}${message}`);
      // npm passes on the Ctrl-C that the terminal has sent to everyone: that is one, not two.
    } else if (systemClock.elapsed() - firstMs > SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return stop.signal;
}
