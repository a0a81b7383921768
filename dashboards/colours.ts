/**
 * The colours of Okabe and Ito, "Color Universal Design" (2008): told apart with every common kind of colour vision. No
 * panel says anything by colour alone: states have words, limits are lines.
 */
export const COLOURS = {
  orange: '#E69F00',
  skyBlue: '#56B4E9',
  green: '#009E73',
  yellow: '#F0E442',
  blue: '#0072B2',
  vermilion: '#D55E00',
  purple: '#CC79A7',
  grey: '#C7C7C7',
} as const;
export type Colour = (typeof COLOURS)[keyof typeof COLOURS];

/** What a colour says, wherever it stands for a state. */
export const STATE_COLOURS = {
  ok: COLOURS.green,
  warn: COLOURS.orange,
  bad: COLOURS.vermilion,
  info: COLOURS.purple,
  unknown: COLOURS.grey,
} as const;
export type State = keyof typeof STATE_COLOURS;

/** For series of a closed list, in this order; open-ended ones are shades of one colour, told apart by lightness. */
export const SERIES_COLOURS: readonly Colour[] = [
  COLOURS.skyBlue,
  COLOURS.orange,
  COLOURS.green,
  COLOURS.purple,
  COLOURS.yellow,
  COLOURS.vermilion,
  COLOURS.blue,
  COLOURS.grey,
];
