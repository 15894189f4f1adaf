"""Loading and plotting as plainly as possible: read this first; figures are shown, not saved.

utils.py at the top level saves them, and gives each part of the mouse a colour and a marker of its own.
"""
import numpy as np
import matplotlib.pyplot as plt


def load_data(filename):
    x, y, data_labels = [], [], []
    for line in open(filename):
        a, b, label = line.strip().split(' ')
        x.append(float(a))
        y.append(float(b))
        data_labels.append(label)
    return np.array(x), np.array(y), np.array(data_labels)


def plot_original_data(x, y, data_labels):
    for label in set(data_labels):
        plt.scatter(x[data_labels == label], y[data_labels == label], label=label)
    plt.legend()
    plt.show()


def plot_mickey_mouse(X, K, ind_samples_clusters, centroids, cluster_method):
    cluster = np.argmax(ind_samples_clusters, axis=1)
    for k in range(K):
        plt.scatter(X[cluster == k, 0], X[cluster == k, 1])
    plt.scatter(centroids[:, 0], centroids[:, 1], marker='x', color='black')
    plt.title(cluster_method)
    plt.show()


def plot_objective_function(objective_function_over_its, ylabel='Objective function'):
    plt.plot(objective_function_over_its)
    plt.xlabel('Iteration')
    plt.ylabel(ylabel)
    plt.show()
