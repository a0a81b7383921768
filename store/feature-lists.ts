import type pg from 'pg';

/** Names of feature vectors by their id, each read once; those who share a list share the array. */
export class FeatureLists {
  readonly #pool: Pick<pg.Pool, 'query'>;
  readonly #known = new Map<string, readonly string[]>();

  constructor(pool: Pick<pg.Pool, 'query'>) {
    this.#pool = pool;
  }

  async learn(ids: Iterable<string>): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#known.has(id));
    if (unknown.length === 0) return;
    const { rows } = await this.#pool.query<{ id: string; names: string[] }>(
      'SELECT id, names FROM feature_lists WHERE id = ANY($1)',
      [unknown],
    );
    for (const { id, names } of rows) this.#known.set(id, names);
  }

  /** [] for an id that was never learned. */
  of(id: string): readonly string[] {
    return this.#known.get(id) ?? [];
  }
}
