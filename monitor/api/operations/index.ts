import type { Operation } from '../operation.ts';
import { accessOperations } from './access.ts';
import { controlOperations } from './control.ts';
import { decisionOperations } from './decisions.ts';
import { labelOperations } from './labels.ts';
import { maintenanceOperations } from './maintenance.ts';
import { observationOperations } from './observations.ts';
import type { MonitorParts } from './ports.ts';

/** Every operation of the monitor's API, in the order of the reference. */
export const monitorOperations = (parts: MonitorParts): Operation[] => [
  ...observationOperations(parts),
  ...decisionOperations(parts),
  ...controlOperations(parts),
  ...labelOperations(parts),
  ...maintenanceOperations(parts),
  ...accessOperations(parts),
];
