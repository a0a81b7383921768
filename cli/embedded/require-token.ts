import type { FastifyInstance } from 'fastify';
import { type Fault, TidewatchError } from '../../core/errors.ts';
import { type Access, lacks, may } from '../../monitor/access/tokens.ts';
import { presentedToken } from '../../monitor/api/presented.ts';
import { problem, sendFault } from '../../monitor/api/problems.ts';

/** Supervisors ask without credentials; the webhook for alerts has a secret of its own. */
const OPEN = new Set(['/health/live', '/health/ready', '/alerts']);
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Off loopback every request needs a token, the configuration's or a scoped one: `Bearer` (ours), `Token` (Influx clients),
 * or the password of `Basic`, which is what a browser asks a person for; the receivers of telemetry take no Basic, since a
 * browser sends it for pages of other sites too. To read needs the scope read, anything else operate, and what an
 * operation of the API wants besides it asks for itself.
 */
export function requireToken(app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN.has(request.url)) return;
    let refused: Fault;
    try {
      const who = await access.who(presentedToken(request.headers.authorization));
      if (who.ok) {
        const scope = READS.has(request.method) ? 'read' : 'operate';
        return may(who.value, scope) ? undefined : sendFault(reply, lacks(scope).fault);
      }
      refused = who.fault;
    } catch (cause) {
      if (!(cause instanceof TidewatchError)) throw cause;
      return sendFault(reply, { code: cause.code, detail: cause.detail });
    }
    return reply
      .code(401)
      .header('www-authenticate', 'Basic realm="tidewatch", charset="UTF-8"')
      .send(problem(refused));
  });
}
