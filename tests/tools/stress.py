"""Run K-means and EM some thousands of times on awkward data: python tests/tools/stress.py [SEEDS]

Each data set is fitted with several K and SEEDS random starts (default 40: about a minute).
The table counts, for each data set, fits, collapses (EM ended by LinAlgError, which is right where
a covariance really is singular) and violations; with any violation the exit status is 1.
"""
import itertools
import sys
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from awkward.checks import check_em, check_kmeans, problems  # noqa: E402
from awkward.data_sets import DATA_SETS  # noqa: E402

CLUSTERS = (1, 2, 3, 5, 10)
EPS = 1e-2, 1e-8  # the sheet's, and one that EM follows to the end


def main(seeds):
    total, details = np.zeros(4, dtype=int), []
    row = '{:28}{:>8}{:>8}{:>11}{:>12}'.format
    print(row('data set', 'runs', 'fits', 'collapses', 'violations'))
    for name, make in DATA_SETS.items():
        counts = np.zeros(4, dtype=int)
        for seed, K in itertools.product(range(seeds), CLUSTERS):
            X, eps = make(np.random.RandomState(seed)), EPS[seed % 2]
            for check in ((check_kmeans, X, K, seed), (check_em, X, K, seed, eps, 500)):
                found = set(problems(*check))
                wrong = sorted(found - {'collapse'})
                counts += 1, 'collapse' not in found, 'collapse' in found, bool(wrong)
                details += [f'{name}, {check[0].__name__[6:]}, K = {K}, seed {seed}: {problem}' for problem in wrong]
        print(row(name, *counts), flush=True)
        total += counts
    print(row('all', *total))
    print(*details, sep='\n', end='\n' if details else '')
    return bool(details)


if __name__ == '__main__':
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
