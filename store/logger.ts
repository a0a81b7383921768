/** What the store says to an operator; a pino logger fits. */
export interface StoreLogger {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

const ignore = (): void => undefined;

export const silentLogger: StoreLogger = { info: ignore, warn: ignore, error: ignore };
