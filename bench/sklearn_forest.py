"""scikit-learn's IsolationForest (100 trees of 256 rows) on one core.

usage: sklearn_forest.py ROWS WIDTH FIT_ROWS; one round for each line on standard input, one JSON line for each.
ROWS: float64, row-major, little-endian.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

rows = np.fromfile(sys.argv[1]).reshape(-1, int(sys.argv[2]))
fit_rows = rows[: int(sys.argv[3])]


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def grow():
    return IsolationForest(n_estimators=100, max_samples=256, random_state=1, n_jobs=1).fit(fit_rows)


forest = grow()
forest.score_samples(rows[:1000])
print(json.dumps({"ready": 1, "version": sklearn.__version__}), flush=True)
for _ in sys.stdin:
    singles = sorted(timed(lambda i=i: forest.score_samples(rows[i : i + 1])) for i in range(15))
    print(
        json.dumps(
            {
                "batch": timed(lambda: forest.score_samples(rows)) / len(rows) * 1e6,
                "single": singles[7] * 1e6,
                "fit": sorted(timed(grow) for _ in range(5))[2] * 1e3,
            }
        ),
        flush=True,
    )
