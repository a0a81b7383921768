import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

const HOST = '127.0.0.1';

/**
 * Below the ports that systems give to outgoing connections (Linux: from 32768). A server that ends and comes back on
 * one of those may find it taken by a client of its own that was trying to reach it.
 */
const FIRST = 20_000;
const PORTS = 12_000;

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const probes: Server[] = [];
  try {
    while (probes.length < count) {
      const probe = await listen(FIRST + randomInt(PORTS)).catch(() => null); // taken: there are others
      if (probe !== null) probes.push(probe);
    }
    return probes.map((probe) => (probe.address() as { port: number }).port);
  } finally {
    await Promise.all(probes.map(close));
  }
}

export async function isFree(port: number): Promise<boolean> {
  try {
    await close(await listen(port));
    return true;
  } catch {
    return false; // taken, or not for us, which is the answer
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(port, HOST, () => resolve(probe));
  });
}

const close = (probe: Server): Promise<void> => new Promise((resolve) => probe.close(() => resolve()));
