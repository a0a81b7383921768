import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The limits of a worker in docker-compose.yml: one processor, 512 MB, and of its heap. */
const MEMORY_BYTES = 512 * 1024 * 1024;
const PERIOD_US = 100_000;
const V1 = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/memory'] as const;
const V2 = '/sys/fs/cgroup';
const OLD_SPACE_MB = 320;

export interface Limits {
  /** In words for the report. */
  how: string;
  before: readonly string[];
  nodeOptions: readonly string[];
  close(): void;
}

/** Control groups as a container has them, where we may make some; else one core and a smaller heap. */
export function limits(): Limits {
  const name = `tidewatch-bench-${process.pid}`;
  try {
    const folders = existsSync(join(V2, 'cgroup.controllers')) ? versionTwo(name) : versionOne(name);
    const joins = folders.map((folder) => `echo $$ > ${folder}/cgroup.procs`).join(' && ');
    return {
      how: `control groups with a quota of 1 CPU and 512 MB of memory, and a heap of ${OLD_SPACE_MB} MB`,
      before: ['sh', '-c', `${joins} && exec "$@"`, 'sh'],
      nodeOptions: [`--max-old-space-size=${OLD_SPACE_MB}`],
      close: () => {
        for (const folder of folders) rmdirSync(folder);
      },
    };
  } catch (cause) {
    return {
      how: `taskset to one core and a heap of ${OLD_SPACE_MB} MB, for control groups cannot be made here (${(cause as Error).message.split('\n')[0]})`,
      before: ['taskset', '-c', '0'],
      nodeOptions: [`--max-old-space-size=${OLD_SPACE_MB}`],
      close: () => undefined,
    };
  }
}

function versionOne(name: string): string[] {
  const [cpu, memory] = V1.map((root) => join(root, name)) as [string, string];
  mkdirSync(cpu);
  mkdirSync(memory);
  writeFileSync(join(cpu, 'cpu.cfs_period_us'), String(PERIOD_US));
  writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(PERIOD_US));
  writeFileSync(join(memory, 'memory.limit_in_bytes'), String(MEMORY_BYTES));
  return [cpu, memory];
}

function versionTwo(name: string): string[] {
  const folder = join(V2, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'cpu.max'), `${PERIOD_US} ${PERIOD_US}`);
  writeFileSync(join(folder, 'memory.max'), String(MEMORY_BYTES));
  return [folder];
}
