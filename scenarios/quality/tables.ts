import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { rankingCurve, rocAuc } from '../../core/stats/ranking.ts';
import { TableModel } from '../../detector/table.ts';
import { mean, standardDeviation } from './groups.ts';
import { entityOf, type Pack, type PackFile, readLabelledTable } from './pack.ts';

/** Seeds of a table's mean, as published comparisons have it. */
const SEEDS = 5;
/** A mean this far from the reference's, or three of its standard deviations, is the same. */
const TOLERANCE = 0.01;
const TOLERANCE_SDS = 3;
const PYTHON_MAX_MS = 600_000;

export interface TableReport {
  table: string;
  rows: number;
  columns: number;
  anomalies: number;
  /** ROC-AUC over five seeds. */
  mean: number;
  sd: number;
  /** scikit-learn's isolation forest on the same rows, where Python is. */
  reference: { mean: number; sd: number; tolerance: number; within: boolean } | null;
}

/** Fits the forest of plain tables to all rows without their labels, scores them, and has scikit-learn do the same. */
export async function runTable(pack: Pack, file: PackFile, python: string | null): Promise<TableReport> {
  const { rows, labels } = await readLabelledTable(pack, file);
  const scores = new Float64Array(rows.rows);
  const aucs: number[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    TableModel.fit(rows.values, rows.columns, { seed }).scoreBatch(rows.values, scores);
    aucs.push(rocAuc(rankingCurve(labels, scores)));
  }
  const reference = python === null ? null : await referenceAucs(python, join(pack.dir, file.path));
  return {
    table: entityOf(file.set, file.path),
    rows: rows.rows,
    columns: rows.columns,
    anomalies: labels.reduce((a, b) => a + b, 0),
    mean: mean(aucs),
    sd: standardDeviation(aucs),
    reference: reference === null ? null : compare(mean(aucs), reference),
  };
}

function compare(auc: number, reference: readonly number[]): NonNullable<TableReport['reference']> {
  const centre = mean(reference);
  const sd = standardDeviation(reference);
  const tolerance = Math.max(TOLERANCE, TOLERANCE_SDS * sd);
  return { mean: centre, sd, tolerance, within: Math.abs(auc - centre) <= tolerance };
}

const SCRIPT = `
import gzip, json, sys
import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
with gzip.open(sys.argv[1], 'rt') as file:
    table = np.loadtxt(file, delimiter=',', ndmin=2)
x, y = table[:, :-1], table[:, -1] > 0
aucs = []
for seed in range(1, int(sys.argv[2]) + 1):
    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=seed).fit(x)
    aucs.append(float(roc_auc_score(y, -forest.score_samples(x))))
print(json.dumps(aucs))
`;

/** What scikit-learn reaches, seed by seed; null when it fails. */
async function referenceAucs(python: string, path: string): Promise<number[] | null> {
  const text = await output(python, ['-c', SCRIPT, path, String(SEEDS)]);
  return text === null ? null : JSON.parse(text);
}

/** The version of scikit-learn that an interpreter has; null when it is not there. */
export async function sklearnVersion(python: string): Promise<string | null> {
  const text = await output(python, ['-c', 'import sklearn; print(sklearn.__version__)']);
  return text === null ? null : text.trim();
}

function output(command: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: PYTHON_MAX_MS });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve(code === 0 ? text : null));
  });
}
