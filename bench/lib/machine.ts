import { execFileSync } from 'node:child_process';
import { cpus, platform, release, totalmem } from 'node:os';

/** Where and on what a benchmark ran, in one line: figures without it mean nothing. */
export function machineLine(now: Date): string {
  const cores = cpus();
  const model = cores[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} × ${model}, ${memory} GB, ${platform()} ${release()}, Node ${process.version}, commit ${commit()}, ${now.toISOString().slice(0, 16)}Z`;
}

function commit(): string {
  try {
    const run = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
    return run('rev-parse', '--short', 'HEAD') + (run('status', '--porcelain', '-uno') === '' ? '' : ' with changes');
  } catch {
    return 'unknown'; // an unpacked archive has no history
  }
}
