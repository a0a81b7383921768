/** What a stream's controller is about, as tidewatch_controller_state shows it. */
export const CONTROLLER_STATES = {
  idle: 0,
  training: 1,
  evaluating: 2,
  approval: 3,
  shadow: 4,
  canary: 5,
  watching: 6,
  held: 7,
  suspended: 8,
} as const;
