import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { presentedToken } from '../../monitor/api/presented.ts';
import { problem } from '../../monitor/api/problems.ts';

/** Supervisors ask without credentials. */
const OPEN = new Set(['/health/live', '/health/ready']);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Off loopback every request needs the token: `Bearer` (ours), `Token` (Influx clients), or the password of `Basic`,
 * which is what a browser asks a person for; the receivers of telemetry take no Basic, since a browser sends it for
 * pages of other sites too. Hashes are compared, in constant time.
 */
export function requireToken(app: FastifyInstance, token: string): void {
  const expected = digest(token);
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN.has(request.url)) return;
    if (timingSafeEqual(digest(presentedToken(request.headers.authorization)), expected)) return;
    return reply
      .code(401)
      .header('www-authenticate', 'Basic realm="tidewatch", charset="UTF-8"')
      .send(problem({ code: 'unauthorized', detail: '' }));
  });
}
