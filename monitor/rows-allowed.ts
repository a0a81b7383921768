/** How many rows a question gets: what it asks for, never more than `most`. */
export const rowsAllowed = (limit: number | undefined, most: number): number =>
  Math.max(0, Math.min(Math.floor(limit ?? most), most));
