import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Server } from '../cli/services/prometheus-server.ts';
import { systemClock } from '../core/clock.ts';
import type { Compose } from './compose.ts';
import { needsPrometheus, programs, scratch } from './prometheus.ts';

const { services }: Compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true });

/** Ends with the code of the program. */
const codeOf = (file: string, args: readonly string[], cwd: string | undefined): Promise<number | null> =>
  new Promise((resolve) => {
    const child = execFile(file, args, { ...(cwd && { cwd }), timeout: 20_000 }, () => resolve(child.exitCode));
  });

needsPrometheus('Prometheus and Alertmanager as docker-compose.yml starts and asks them', () => {
  const FILES = {
    prometheus: ['prometheus.yml', 'scrape_configs: []\n'],
    alertmanager: ['alertmanager.yml', 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n'],
  } as const;

  test.each(['prometheus', 'alertmanager'] as const)(
    '%s takes these options, and its check tells whether it answers',
    async (name) => {
      const dir = scratch();
      const [file, text] = FILES[name];
      mkdirSync(path.join(dir, 'etc'));
      writeFileSync(path.join(dir, 'etc', file), text);
      const { command, healthcheck } = services[name]!;
      const inDir = (option: string) =>
        option.replace(`/etc/${name}/`, `${dir}/etc/`).replace(/\.path=\/\w+$/, `.path=${dir}/data`);
      const server = await Server.start({
        name,
        programs: programs()[name],
        dir,
        port: null,
        args: (address) => [...command!.map(inDir), `--web.listen-address=${address}`],
        clock: systemClock,
      });
      const [kind, program, ...args] = healthcheck!.test!;
      expect([kind, program]).toEqual(['CMD', path.basename(programs()[name].tool)]);
      const { tool, root } = programs()[name];
      const check = () =>
        codeOf(
          tool,
          args.map((arg) => arg.replace(/127\.0\.0\.1:\d+/, server.address)),
          root ?? undefined,
        );
      expect(await check()).toBe(0);
      await server.stop();
      expect(await check()).not.toBe(0);
    },
  );
});
