import path from 'node:path';

/** Under CI=true only these may be lacking. */
const MAY_LACK = new Set(['pack', 'peers', 'pg_dump']);
const REASON = /\[needs (\w+): ([^\]]+)\]/;

export interface VitestReport {
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

export interface Summary {
  passed: number;
  failures: string[];
  skipped: number;
  /** How many tests were skipped for each reason. */
  reasons: Map<string, number>;
}

/** report: what vitest's JSON reporter wrote, null when it wrote nothing; steps: types and lint. */
export function summarise(
  report: VitestReport | null,
  steps: readonly { name: string; ok: boolean }[],
  ci: boolean,
): Summary {
  const failures = steps.filter((step) => !step.ok).map((step) => step.name);
  const reasons = new Map<string, number>();
  let passed = 0;
  let skipped = 0;
  if (report === null) failures.push('vitest ended without a report');
  for (const file of report?.testResults ?? []) {
    const failedBefore = failures.length;
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') passed++;
      else if (status === 'failed') failures.push(`${path.relative('', file.name)}: ${fullName}`);
      else {
        skipped++;
        const [, need, why] = REASON.exec(fullName) ?? [];
        const reason = need ? `${need}: ${why}` : `no reason given (${path.relative('', file.name)}: ${fullName})`;
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        if (ci && !MAY_LACK.has(need ?? '')) failures.push(`skipped although CI=true: ${fullName}`);
      }
    }
    // A file that cannot be loaded, or whose hooks fail, has no failed test to show for it.
    if (file.status === 'failed' && failures.length === failedBefore)
      failures.push(`${path.relative('', file.name)}: ${(file.message ?? 'did not run').split('\n')[0]}`);
  }
  return { passed, failures, skipped, reasons };
}
