/**
 * The demo fleet: a shop. Load enters at the edge and flows down the calls; slowness flows back up them. Services are
 * listed callers first, so one pass in this order settles a step.
 */
export interface Call {
  /** Who calls. */
  from: string;
  /** Requests to this service for each request of the caller. */
  perRequest: number;
  /** Share of this service's latency that the caller waits for. */
  waits: number;
}

export interface Service {
  name: string;
  calls: readonly Call[];
  /** Latency of its own work when idle. */
  latencyMs: number;
  /** CPU when idle and at the weekly peak, percent. */
  cpuIdle: number;
  cpuPeak: number;
  residentBytes: number;
  /** Height of the garbage collector's sawtooth, and how long one tooth takes at the peak. */
  heapBytes: number;
  gcPeriodS: number;
  /** Share of requests that fail on a good day. */
  errorRatio: number;
  /** Mean queue depth at the weekly peak. */
  queuePeak: number;
}

const MB = 1_048_576;
const call = (from: string, perRequest: number, waits: number): Call => ({ from, perRequest, waits });

/** Requests per second at the edge at the weekly peak. */
export const EDGE_PEAK_REQUESTS_PER_S = 900;

export const METRICS = [
  'requests_per_s',
  'latency_ms',
  'error_ratio',
  'cpu_percent',
  'memory_bytes',
  'queue_depth',
] as const;

// biome-ignore format: a table reads better than 200 lines of it
export const SERVICES: readonly Service[] = [
  { name: 'edge', calls: [], latencyMs: 6, cpuIdle: 6, cpuPeak: 48, residentBytes: 410 * MB, heapBytes: 60 * MB, gcPeriodS: 240, errorRatio: 0.0003, queuePeak: 1.2 },
  { name: 'auth', calls: [call('edge', 0.32, 0.3)], latencyMs: 4, cpuIdle: 4, cpuPeak: 36, residentBytes: 260 * MB, heapBytes: 45 * MB, gcPeriodS: 300, errorRatio: 0.0004, queuePeak: 0.4 },
  { name: 'search', calls: [call('edge', 0.45, 0.45)], latencyMs: 28, cpuIdle: 9, cpuPeak: 62, residentBytes: 1900 * MB, heapBytes: 260 * MB, gcPeriodS: 420, errorRatio: 0.0005, queuePeak: 1.6 },
  { name: 'recommender', calls: [call('edge', 0.22, 0.1)], latencyMs: 34, cpuIdle: 12, cpuPeak: 58, residentBytes: 2600 * MB, heapBytes: 330 * MB, gcPeriodS: 600, errorRatio: 0.0007, queuePeak: 1.0 },
  { name: 'cart', calls: [call('edge', 0.16, 0.2)], latencyMs: 9, cpuIdle: 5, cpuPeak: 32, residentBytes: 340 * MB, heapBytes: 50 * MB, gcPeriodS: 360, errorRatio: 0.0003, queuePeak: 0.5 },
  { name: 'checkout', calls: [call('edge', 0.055, 0.1), call('cart', 0.12, 0)], latencyMs: 22, cpuIdle: 6, cpuPeak: 38, residentBytes: 520 * MB, heapBytes: 80 * MB, gcPeriodS: 480, errorRatio: 0.0008, queuePeak: 0.6 },
  { name: 'catalog', calls: [call('search', 0.9, 0.5), call('cart', 0.5, 0.3), call('recommender', 0.6, 0.3)], latencyMs: 7, cpuIdle: 8, cpuPeak: 52, residentBytes: 980 * MB, heapBytes: 130 * MB, gcPeriodS: 300, errorRatio: 0.0002, queuePeak: 0.9 },
  { name: 'payments', calls: [call('checkout', 0.85, 0.6)], latencyMs: 75, cpuIdle: 4, cpuPeak: 24, residentBytes: 300 * MB, heapBytes: 40 * MB, gcPeriodS: 540, errorRatio: 0.002, queuePeak: 0.8 },
  { name: 'inventory', calls: [call('checkout', 1.4, 0.4), call('catalog', 0.25, 0.2)], latencyMs: 11, cpuIdle: 6, cpuPeak: 41, residentBytes: 610 * MB, heapBytes: 90 * MB, gcPeriodS: 390, errorRatio: 0.0004, queuePeak: 0.7 },
  { name: 'shipping', calls: [call('checkout', 0.8, 0.2)], latencyMs: 40, cpuIdle: 4, cpuPeak: 22, residentBytes: 280 * MB, heapBytes: 35 * MB, gcPeriodS: 660, errorRatio: 0.001, queuePeak: 1.4 },
  { name: 'notifications', calls: [call('shipping', 1.6, 0), call('auth', 0.03, 0)], latencyMs: 120, cpuIdle: 3, cpuPeak: 19, residentBytes: 230 * MB, heapBytes: 30 * MB, gcPeriodS: 720, errorRatio: 0.003, queuePeak: 3.5 },
  { name: 'ledger', calls: [call('payments', 2.1, 0.15)], latencyMs: 8, cpuIdle: 5, cpuPeak: 30, residentBytes: 720 * MB, heapBytes: 70 * MB, gcPeriodS: 450, errorRatio: 0.0001, queuePeak: 0.4 },
];

/** Names of the services, in the order in which a step emits them. */
export const FLEET_ENTITIES: readonly string[] = SERVICES.map((service) => service.name);

/** Requests per second of each service at the weekly peak, by flow down the calls. */
export const PEAK_REQUESTS_PER_S: readonly number[] = SERVICES.reduce<number[]>((peaks, service) => {
  const inflow = service.calls.reduce((sum, c) => sum + c.perRequest * peaks[FLEET_ENTITIES.indexOf(c.from)]!, 0);
  peaks.push(service.calls.length === 0 ? EDGE_PEAK_REQUESTS_PER_S : inflow);
  return peaks;
}, []);
