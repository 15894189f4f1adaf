"""The two tasks as plainly as possible, to be run beside k_means.py and em.py of this folder and our utils.py.

main.py at the top level fixes the seed and runs K = 5 as well.
"""
import numpy as np
from k_means import kmeans
from em import em
from utils import load_data, plot_original_data, plot_mickey_mouse, plot_objective_function


def task_kmeans(X):
    K = 3
    max_iter = 50
    Z, centroids, objective = kmeans(X, K=K, max_iter=max_iter)
    plot_objective_function(objective)
    plot_mickey_mouse(X, K, Z, centroids, cluster_method='K-means')


def task_em(X):
    number = 3
    means, soft_clusters, log_likelihood = em(X, number, 100)
    plot_objective_function(log_likelihood, ylabel='Log-likelihood')
    plot_mickey_mouse(X, number, soft_clusters, means, cluster_method='EM')


def main():
    x, y, data_labels = load_data('data/mouse.txt')
    plot_original_data(x, y, data_labels)
    X = np.array([x, y]).T
    print(X.shape)
    print('K-means')
    task_kmeans(X)
    print('EM')
    task_em(X)


if __name__ == '__main__':
    main()
