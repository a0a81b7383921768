import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startAlertmanager } from '../../../cli/services/alertmanager.ts';
import { Server } from '../../../cli/services/prometheus-server.ts';
import { systemClock } from '../../../core/clock.ts';
import { needsPrometheus, programs, scratch } from '../../prometheus.ts';

function site() {
  const dir = scratch();
  const configFile = path.join(dir, 'alertmanager.yml');
  writeFileSync(configFile, 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n');
  return { dir, configFile, clock: systemClock };
}

test('a program that is not there is told by its name', async () => {
  const nothing = { server: '/nowhere/prometheus', tool: '/nowhere/promtool', root: null };
  const { dir, clock } = site();
  const started = Server.start({ name: 'Prometheus', programs: nothing, dir, port: null, args: () => [], clock });
  await expect(started).rejects.toMatchObject({
    code: 'program_missing',
    detail: expect.stringMatching(/^Prometheus: .*ENOENT/),
  });
});

needsPrometheus('a server of the services', () => {
  test('that an earlier process left running is stopped before its folder is used again', async () => {
    const about = { ...site(), programs: programs().alertmanager, port: null };
    const left = await startAlertmanager(about);
    const next = await startAlertmanager(about);
    expect([left.pid, next.pid === null]).toEqual([null, false]);
    await next.stop();
    expect(next.pid).toBeNull();
  });

  test('that finds its port taken by another program says which', async () => {
    const other = createServer((_request, response) => response.end('ready, says another'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const started = startAlertmanager({ ...site(), programs: programs().alertmanager, port });
    await expect(started).rejects.toMatchObject({
      code: 'port_taken',
      detail: `Alertmanager wants 127.0.0.1:${port}`,
    });
    await new Promise((resolve) => other.close(resolve));
  });
});
