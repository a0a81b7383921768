import type { FastifyInstance } from 'fastify';
import type { FaultControl, FaultRequest } from '../ports.ts';
import { sendFault } from './problems.ts';
import { parse, rest } from './reads.ts';
import { faultBody, MAX_BODY_BYTES } from './schemas.ts';

/** The demo fleet's switchboard; without a demo fleet there is nothing to put a fault into. */
export function faultRoutes(app: FastifyInstance, faults: FaultControl | null): void {
  const none = { code: 'not_found', detail: 'the demo fleet is switched off' } as const;

  app.get('/api/faults', async () =>
    faults === null
      ? { demo: false, kinds: [], entities: [], active: [] }
      : { demo: true, kinds: faults.kinds(), entities: faults.entities(), active: faults.active() },
  );

  app.post('/api/faults', { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    if (faults === null) return sendFault(reply, none);
    const body = parse(faultBody, request.body, 'body');
    if (!body.ok) return sendFault(reply, body.fault);
    const wanted = Object.fromEntries(Object.entries(body.value).filter(([, value]) => value !== undefined));
    const injected = faults.inject(wanted as unknown as FaultRequest);
    if (!injected.ok) return sendFault(reply, injected.fault);
    request.log.info({ fault: injected.value }, 'fault injected');
    return reply.code(201).send(injected.value);
  });

  app.delete('/api/faults/*', async (request, reply) => {
    if (faults === null) return sendFault(reply, none);
    const id = rest(request.params);
    if (!faults.clear(id)) return sendFault(reply, { code: 'not_found', detail: `fault ${id.slice(0, 256)}` });
    request.log.info({ id }, 'fault cleared');
    return reply.code(204).send();
  });
}
