import type { Scenario } from '../scenario.ts';
import { KILLED, ONCE_EACH } from './checks.ts';
import { suddenChange } from './sudden-change.ts';

export const killedAtEachStep: Scenario = {
  ...suddenChange,
  name: 'killed-at-each-step',
  title: 'The controller dies at each of its steps',
  story:
    'A release changes the fleet, and the controller dies before and after everything that it writes or has done about it. ' +
    'Each time it starts again and goes on where it was: the decisions are those of a controller that lives, each taken once.',
  recorded: false,
  plan: (about) => {
    const plan = suddenChange.plan(about);
    return {
      ...plan,
      meddling: { kills: true },
      checks: [...(plan.checks ?? []), KILLED, ONCE_EACH],
      without: { faults: plan.faults },
    };
  },
};
