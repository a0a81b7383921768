import type { Clock } from '../../core/clock.ts';
import { type Config, isLoopback } from '../../core/config/root.ts';
import type { TokenStore } from '../../monitor/access/ports.ts';
import { Access } from '../../monitor/access/tokens.ts';

/** Who may call a process of this configuration: on loopback anyone, unless a token is configured. */
export function accessOf(
  { http: { host, token } }: Pick<Config, 'http'>,
  tokens: Pick<TokenStore, 'get'> | null,
  clock: Pick<Clock, 'now'>,
): Access {
  return new Access({
    tokens,
    master: token,
    open: isLoopback(host) && token === undefined,
    now: () => clock.now(),
  });
}
