"""Right submissions that are unusual: by what is unusual, the file and its changes (old text, new text)."""
KMEANS_LOOP = '    for it in range(max_iter):\n'
STOP = "        if it > 0 and abs(values[-1] - values[-2]) < eps:\n            print('converged in iteration', it + 1)\n            break\n"
Z_LOOP = '    for i in range(X.shape[0]):\n        # Eq. (2): z_ik = 1 for the closest centroid k, 0 for the others\n        Z[i, closest_centroid(X[i], centroids)] = 1\n'
DISTANCES = '    distances = [np.linalg.norm(sample - c) for c in centroids]\n'
MEMBERS = 'members.sum(axis=0) / len(members)'
START = 'np.random.choice(N, size=K, replace=False)'
P_LOOP = ('        for i in range(N):\n'
          '            # the terms of Eq. (4): w_k N(x^(i); mu_k, Sigma_k)\n'
          '            p[i, k] = weights[k] * density(X[i], means[k], inverse, det)\n')
ROWS = 'p / p.sum(axis=1, keepdims=True)'
SIGMA = '            new_sigmas[k] += gamma[i] * np.outer(d, d) / N_k\n'
LIKELIHOOD = 'np.sum(np.log(np.sum(soft_clusters, axis=1)))'
VALUES = '    values = np.asarray(objective_function_over_its, dtype=float)\n'
PLACES = '    X, centroids = np.asarray(X), np.asarray(centroids)\n'

RIGHT = {
    'the defaults as 10**-6': ('k_means.py', ('eps=1e-6', 'eps=10**-6')),
    'a default by the name of a constant': ('k_means.py', ('import numpy as np\n', 'import numpy as np\nEPS = 1e-6\n'), ('eps=1e-6', 'eps=EPS')),
    'the defaults as 3/2 and 1/100': ('em.py', ('init_variance=1.5', 'init_variance=3/2'), ('eps=1e-2', 'eps=1/100')),
    '1e-10 in the denominator of Eq. (3)': ('k_means.py', (MEMBERS, 'members.sum(axis=0) / (len(members) + 1e-10)')),
    '1e-10 in the denominators of Eqs. (5) to (7)': ('em.py', (ROWS, 'p / (p.sum(axis=1, keepdims=True) + 1e-10)'), ('N_k = gamma.sum()', 'N_k = gamma.sum() + 1e-10')),
    '1e-10 in the logarithm': ('em.py', (LIKELIHOOD, 'np.sum(np.log(np.sum(soft_clusters, axis=1) + 1e-10))')),
    'np.vectorize(closest_centroid)': ('k_means.py', (Z_LOOP, '    Z[np.arange(len(X)), closest(X, centroids)] = 1\n'), (
        'def compute_Z', "closest = np.vectorize(closest_centroid, signature='(d),(k,d)->()')\n\n\ndef compute_Z")),
    'np.apply_along_axis': ('k_means.py', (Z_LOOP, '    Z[np.arange(len(X)), np.apply_along_axis(closest_centroid, 1, X, centroids)] = 1\n')),
    'asserts of the skeleton': ('k_means.py', ('        values.append(wcss(X, K, Z, centroids))\n        centroids =', '''\
        assert Z.shape == (N, K) and Z.min() == 0 and Z.max() == 1 and np.all(Z.sum(axis=1) == 1)
        values.append(wcss(X, K, Z, centroids))
        centroids ='''), ('    return Z\n', '    assert np.array_equal(np.unique(Z), [0, 1])\n    return Z\n')),
    'asserts in EM': ('em.py', ('        log_likelihood.append', '''\
        assert sigmas.shape == (K, D, D) and np.isclose(weights.sum(), 1) and np.allclose(gamma.sum(axis=1), 1)
        log_likelihood.append'''), ('    return p / p', '    assert p.shape == (X.shape[0], weights.shape[0])\n    return p / p')),
    'K-means with while': ('k_means.py', (KMEANS_LOOP, '    it = -1\n    while it + 1 < max_iter:\n        it += 1\n')),
    'a flag instead of break': ('k_means.py', (KMEANS_LOOP, '    it, done = 0, False\n    while it < max_iter and not done:\n'), (STOP, '        done = it > 0 and np.isclose(values[-1], values[-2], rtol=0, atol=eps * (1 - 1e-12))\n        it += 1\n')),
    'lists are returned': ('k_means.py', ('    return Z, centroids, np.array(values)', '    return [Z.tolist(), centroids.tolist(), values]')),
    'compute_Z returns a list of lists': ('k_means.py', ('    return Z\n', '    return Z.tolist()\n'), ('    total = 0\n', '    total, Z = 0, np.array(Z)\n'), ('    centroids = np.zeros(', '    Z = np.array(Z)\n    centroids = np.zeros(')),
    'EM returns lists': ('em.py', ('return means, soft_clusters, np.array(log_likelihood)', 'return list(means), list(soft_clusters), tuple(log_likelihood)'), ('return new_means, new_sigmas, new_weights', 'return [new_means, new_sigmas, list(new_weights)]')),
    'Z is bool, and an index in kmeans': ('k_means.py', (', dtype=int)', ', dtype=bool)'), (
        '        centroids = recompute_centroids(X, K, Z)\n',
        '        centroids = np.array([X[Z[:, k]].mean(axis=0) for k in range(K)])\n')),
    'a decorator': ('k_means.py', (
        'def wcss(', 'def named(f):\n    def inner(*args):\n        return f(*args)\n    return inner\n\n\n@named\ndef wcss(')),
    'Z is float, by np.eye': ('k_means.py', (Z_LOOP, '    Z = np.eye(K)[[closest_centroid(x, centroids) for x in X]]\n')),
    'the centroids by a product': ('k_means.py', ('    return centroids\n', '    return (Z.T @ X) / np.sum(Z, axis=0)[:, None]\n')),
    'wcss by labels': ('k_means.py', ('    return total\n', '    return np.linalg.norm(X - centroids[np.argmax(Z, axis=1)])**2\n')),
    'wcss of an array of one number': ('k_means.py', ('    return total\n', '    return np.float32(0) + np.array(total)\n')),
    'wcss by einsum': ('k_means.py', ('    return total\n', "    d = X[:, None] - centroids[None]\n    return np.einsum('nk,nkd,nkd', Z, d, d)\n")),
    'squared distances': ('k_means.py', (DISTANCES, '    distances = ((centroids - sample)**2).sum(axis=1)\n')),
    'the closest centroid by min and index': ('k_means.py', ('return np.argmin(distances)', 'return distances.index(min(distances))')),
    'the closest centroid by a loop': ('k_means.py', ('    return np.argmin(distances)', '''\
    best, index = float('inf'), -1
    for k, distance in enumerate(distances):
        if distance < best:
            best, index = distance, k
    return index''')),
    'a start by np.arange': ('k_means.py', (START, 'np.random.choice(np.arange(N), size=K, replace=False)')),
    'a start by permutation': ('k_means.py', (START, 'np.random.permutation(N)[:K]')),
    'an empty cluster keeps a sample': ('k_means.py', ('centroids[k] = ' + MEMBERS, 'centroids[k] = members.mean(axis=0) if len(members) else X[k]')),
    'steps without names in kmeans': ('k_means.py', ('        centroids = recompute_centroids(X, K, Z)\n', '        centroids = np.array([X[Z[:, k] == 1].mean(axis=0) for k in range(K)])\n')),
    'a helper does the work': ('k_means.py', ('def kmeans(X', 'def steps(centroids, X'), (
        '    centroids = X[np.random.choice(N, size=K, replace=False)]\n', ''), ('    return Z, centroids, np.array(values)\n', '''\
    return Z, centroids, np.array(values)


def kmeans(X: np.ndarray, K: int, max_iter: int, eps=1e-6) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = steps(X[np.random.choice(len(X), size=K, replace=False)], X, K, max_iter, eps)
    return found
''')),
    'keywords in the calls': ('k_means.py', ('Z = compute_Z(X, K, centroids)', 'Z = compute_Z(X=X, K=K, centroids=centroids)'), ('centroids = recompute_centroids(X, K, Z)', 'centroids = recompute_centroids(X=X, K=K, Z=Z)')),
    'annotations of local variables, postponed in any Python': ('k_means.py', ('    total = 0\n', '    total: int | None = 0\n')),
    'scipy': ('em.py', ('import numpy as np\n', 'import numpy as np\nfrom scipy.stats import multivariate_normal\n'), (
        P_LOOP, '        p[:, k] = weights[k] * multivariate_normal(means[k], sigmas[k]).pdf(X)\n')),
    'densities at once': ('em.py', (P_LOOP, '''\
        d = X - means[k]
        p[:, k] = weights[k] * np.exp(-np.sum(d @ inverse * d, axis=1) / 2) / np.sqrt(det * (2 * np.pi)**X.shape[1])
''')),
    'the covariance by einsum': ('em.py', (SIGMA, ''), ('        # Eq. (8)', '''\
        d = X - new_means[k]
        new_sigmas[k] = np.einsum('n,ni,nj->ij', gamma, d, d) / N_k
        # Eq. (8)''')),
    'the covariance by np.cov': ('em.py', (SIGMA, '        new_sigmas[k] = np.cov(X.T, aweights=gamma, bias=True).reshape(D, D)\n')),
    'logarithms in the E-step': ('em.py', ('    return ' + ROWS, '''\
    p = np.log(p)
    p = np.exp(p - p.max(axis=1)[:, None])
    return ''' + ROWS)),
    'logarithms in em': ('em.py', (LIKELIHOOD, 'sum(np.logaddexp.reduce(np.log(soft_clusters), axis=1))')),
    'a while loop in em': ('em.py', ('    for it in range(max_iter):\n', '    it = -1\n    while it < max_iter - 1:\n        it = it + 1\n')),
    'soft clusters after the loop': ('em.py', ("    print('end:", "    soft_clusters = weighted_densities(X, means, sigmas, weights)\n    print('end:")),
    'the initial means by np.random.rand': ('em.py', ('np.random.random((K, D))', 'np.random.rand(K, D)')),
    'the initial means by uniform': ('em.py', ('np.random.random((K, D))', 'np.random.uniform(0, 1, size=(K, D))')),
    'K = 5 after task 1.1.8': ('main.py', ('    K = 3\n', '    K = 5\n'), ('number = 3\n', 'number = 5\n')),
    'both K': ('main.py', ('    K = 3\n    max_iter = 50\n', '    run(X, 3)\n    run(X, 5)\n\n\ndef run(X, K):\n    max_iter = 50\n')),
    'main without its guard': ('main.py', ("if __name__ == '__main__':\n    main()\n", 'main()\n')),
    'Greek letters are printed': ('main.py', ('    print(X.shape)\n', "    print('shape of X, μ', X.shape)\n")),
    'the shape in words': ('main.py', ('    print(X.shape)\n', "    print(f'X has the shape {X.shape}')\n")),
    'X by hstack': ('main.py', ('np.array([x, y]).T', 'np.hstack((x[:, np.newaxis], y[:, np.newaxis]))')),
    'exit at the end': ('main.py', ("    task_em(X)\n", "    task_em(X)\n    exit()\n")),
    'plots with plt alone': (
        'utils.py', (VALUES, '    plt.plot(objective_function_over_its)\n    return plt.show()\n' + VALUES),
        (PLACES, '    plt.clf()\n    plt.scatter(*X.T)\n    return plt.show()\n' + PLACES)),
    'a bar chart of the objective': ('utils.py', (VALUES, VALUES + '    return plt.bar(np.arange(len(values)), values)\n')),
    'load_data by numpy': ('utils.py', ('    samples = []\n', '''\
    data = np.loadtxt(filename, dtype=str)
    return data[:, 0].astype(float), data[:, 1].astype(float), data[:, 2]
''')),
}
