import type { AddCommand } from '../command.ts';
import { captureCommand } from './capture.ts';
import { configCommand } from './config.ts';
import { dashboardsCommand } from './dashboards.ts';
import { deadlettersCommand } from './deadletters.ts';
import { doctorCommand } from './doctor.ts';
import { evaluateCommand } from './evaluate.ts';
import { experimentsCommand } from './experiments.ts';
import { explainCommand } from './explain.ts';
import { injectCommand } from './inject.ts';
import { inspectCommand } from './inspect.ts';
import { labelsCommand } from './labels.ts';
import { ledgerCommand } from './ledger.ts';
import { maintenanceCommand } from './maintenance.ts';
import { migrateCommand } from './migrate.ts';
import { modelsCommand } from './models.ts';
import { monitorCommand } from './monitor.ts';
import { produceCommand } from './produce.ts';
import { replayCommand } from './replay.ts';
import { scenarioCommand } from './scenario.ts';
import { servicesCommand } from './services.ts';
import { simulateCommand } from './simulate.ts';
import { fitCommand, scoreCommand } from './tables.ts';
import { tokensCommand } from './tokens.ts';
import { trainCommand } from './train.ts';
import { upCommand } from './up.ts';
import { workerCommand } from './worker.ts';

/** Every command, in the order in which --help shows them. A new one is a file beside this and a line here. */
export const COMMANDS: readonly AddCommand[] = [
  upCommand,
  workerCommand,
  monitorCommand,
  servicesCommand,
  produceCommand,
  captureCommand,
  injectCommand,
  explainCommand,
  ledgerCommand,
  modelsCommand,
  labelsCommand,
  maintenanceCommand,
  tokensCommand,
  scenarioCommand,
  simulateCommand,
  dashboardsCommand,
  deadlettersCommand,
  replayCommand,
  trainCommand,
  fitCommand,
  scoreCommand,
  inspectCommand,
  evaluateCommand,
  experimentsCommand,
  configCommand,
  migrateCommand,
  doctorCommand,
];
