import pc from 'picocolors';

/** Colours only for a person's terminal; NO_COLOR (https://no-color.org) turns them off whatever its value. */
export const wantsColour = (stream: { isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean =>
  stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';

export const colours = (stream: { isTTY?: boolean } = process.stdout) =>
  pc.createColors(wantsColour(stream, process.env));

export type Colours = ReturnType<typeof colours>;
