"""Machine Learning 1, SS24, Homework 4: K-means and EM on the Mickey Mouse data.

Run `python main.py`: it fits both models and saves the figures of sections 1.1 and 1.2.
"""
import numpy as np

from k_means import kmeans
from em import em
from utils import load_data, plot_original_data, plot_mickey_mouse, plot_objective_function

# The folder of this file: its path up to the last slash, which on Windows is a backslash.
FOLDER = __file__[:max(__file__.rfind('/'), __file__.rfind('\\')) + 1]
DATA = FOLDER + 'data/mouse.txt'  # for data of your own: a file with lines of the form `x y label`
SEED = 0  # fixes the random starts
K = 3  # a head and two ears
K_TASK_8 = 5  # what task 8 of section 1.1 asks for
MAX_ITER_KMEANS = 100  # far more iterations than it needs
MAX_ITER_EM = 300  # again far more


def task_kmeans(X):
    """Task 1.1: K-means with the K of the mouse, then with K = 5."""
    for clusters in (K, K_TASK_8):
        print(f'\nK-means with K = {clusters}')
        Z, centroids, objective = kmeans(X, clusters, MAX_ITER_KMEANS)
        plot_objective_function(objective, f'WCSS (K-means, K = {clusters})')
        plot_mickey_mouse(X, clusters, Z, centroids, 'K-means')


def task_em(X):
    """Task 1.2: EM with the K of K-means, so that the two can be compared."""
    print(f'\nEM with K = {K}')
    means, soft_clusters, log_likelihoods = em(X, K, MAX_ITER_EM)
    plot_objective_function(log_likelihoods, f'Log-likelihood (EM, K = {K})')
    plot_mickey_mouse(X, K, soft_clusters, means, 'EM')


def main():
    """Load and draw the data, then run both tasks."""
    np.random.seed(SEED)
    x, y, data_labels = load_data(DATA)
    plot_original_data(x, y, data_labels)
    X = np.stack((x, y), axis=1)
    print('Shape of X:', X.shape)
    print('\n--- Task 1.1: K-means ---')
    task_kmeans(X)
    print('\n--- Task 1.2: Expectation-Maximization ---')
    task_em(X)
    print('\n(The figures number the clusters in another order than the one printed above.)')


if __name__ == '__main__':
    main()
