import { InvalidArgumentError } from 'commander';

/** Parser of an option that is a whole number from least to most. */
export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`A whole number from ${least} to ${most} is wanted.`);
  };

/** Parser of the number of a partition. */
export const partitionNumber = whole(0, 999_999);
