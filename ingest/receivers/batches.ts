import type { StreamConfig } from '../../core/config/stream.ts';
import type { NewRecord } from '../ports.ts';

/** Lines of one entity go into records of about this size: few enough writes, little enough to hold at once. */
const RECORD_BYTES = 64 << 10;

/** Accepted pieces of telemetry, put together to records by entity in the order in which they came. */
export class Batches {
  readonly #json: boolean;
  readonly #open = new Map<string, { pieces: string[]; bytes: number }>();
  readonly #records: NewRecord[] = [];

  /** Pieces are JSON objects for Tidewatch JSON; for line protocol lines of one character a byte. */
  constructor(encoding: StreamConfig['encoding']) {
    this.#json = encoding === 'tidewatch_json';
  }

  add(entity: string, piece: string): void {
    let batch = this.#open.get(entity);
    if (batch === undefined) {
      batch = { pieces: [], bytes: 0 };
      this.#open.set(entity, batch);
    } else if (batch.bytes + piece.length > RECORD_BYTES) this.#close(entity, batch);
    batch.pieces.push(piece);
    batch.bytes += piece.length + 1;
  }

  /** What there is to append; the batches are empty afterwards. */
  records(): NewRecord[] {
    for (const [entity, batch] of this.#open) this.#close(entity, batch);
    this.#open.clear();
    return this.#records.splice(0);
  }

  #close(entity: string, batch: { pieces: string[]; bytes: number }): void {
    const value = this.#json ? jsonOf(batch.pieces) : Buffer.from(batch.pieces.join('\n'), 'latin1');
    this.#records.push({ key: Buffer.from(entity), value });
    batch.pieces = [];
    batch.bytes = 0;
  }
}

function jsonOf(pieces: readonly string[]): Buffer {
  return Buffer.from(pieces.length === 1 ? pieces[0]! : `[${pieces.join(',')}]`);
}
