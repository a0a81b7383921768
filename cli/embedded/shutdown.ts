import type { Logger } from 'pino';

/** Things to take down, last first. Every step is tried, so that one failure does not leave the others running. */
export class Shutdown {
  readonly #steps: { what: string; run: () => Promise<unknown> | unknown }[] = [];

  add(what: string, run: () => Promise<unknown> | unknown): void {
    this.#steps.unshift({ what, run });
  }

  async run(logger: Logger): Promise<void> {
    for (const { what, run } of this.#steps.splice(0)) {
      try {
        await run();
      } catch (err) {
        logger.error({ err }, `stopping failed: ${what}`);
      }
    }
  }
}
