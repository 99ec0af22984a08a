"""Thirty data sets from scikit-learn's generators, and what its models make of them untuned.

Usage: untuned.py make FOLDER
       untuned.py score FOLDER NAME [NAME ..]

`make` writes FOLDER/NAME.csv for every set, the target in the last column, and prints the list of sets. `score`
reads FOLDER/NAME.splits.json, {"splits": [{"train": [row, ..], "test": [row, ..]}, ..]} with rows counted from 0, and prints
for every set the scores of a linear model and of a multilayer perceptron with 16 hidden units on those splits: accuracies, or
R^2 for values. Features are standardised with the mean and deviation of the training rows.
"""

import csv
import json
import sys
import warnings

import numpy as np
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HIDDEN = 16
RANDOM_STATE = 0


def synthetic(seed, **settings):
    return datasets.make_classification(random_state=seed, **settings)


def constant_and_duplicated():
    """Of 30 columns 5 are constant, 10 are copies, and 5 count something without meaning."""
    features, labels = synthetic(21, n_samples=600, n_features=10, n_informative=6, n_redundant=2)
    noise = np.random.default_rng(21).integers(0, 1000, size=(600, 5))
    return np.hstack([features, np.full((600, 5), 3.0), features, noise]), labels


def one_hot():
    """Twelve columns of four to ten texts; the class is decided by sums over some of them and by one pair."""
    draw = np.random.default_rng(22)
    kinds = [4, 5, 6, 8, 10, 4, 5, 6, 8, 10, 4, 5]
    codes = np.stack([draw.integers(0, kind, 1200) for kind in kinds], axis=1)
    worth = [draw.normal(size=kind) for kind in kinds]
    score = sum(worth[column][codes[:, column]] for column in range(6))
    score = score + 1.5 * ((codes[:, 6] == codes[:, 0]) & (codes[:, 7] < 3)) + 0.3 * draw.normal(size=1200)
    texts = np.array([[f"k{column}v{code}" for column, code in enumerate(row)] for row in codes])
    return texts, np.digitize(score, np.quantile(score, [1 / 3, 2 / 3]))


def skewed():
    """Features spread over decades; the class depends on their logarithms."""
    features, labels = synthetic(23, n_samples=800, n_features=8, n_informative=5, n_classes=3, class_sep=1.2)
    return np.exp(features), labels


def checkerboard():
    """Three by three fields of two colours."""
    features = np.random.default_rng(24).uniform(-1.5, 1.5, size=(900, 2))
    return features, np.floor(features + 1.5).sum(axis=1).astype(int) % 2


def units():
    """Columns in units from millionths to millions."""
    features, labels = synthetic(25, n_samples=500, n_features=12, n_informative=6, n_classes=3)
    return features * 10.0 ** np.arange(-6, 6), labels


def heavy_tails():
    """A few values lie a hundred deviations out."""
    features, labels = synthetic(26, n_samples=800, n_features=10, n_informative=5)
    wild = np.random.default_rng(26).random(features.shape) < 0.01
    return np.where(wild, 100 * features, features), labels


def friedman3():
    features, values = datasets.make_friedman3(1000, noise=0.05, random_state=28)
    return features, values


CLASSES = {
    "iris": lambda: datasets.load_iris(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "breast-cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "blobs-8": lambda: datasets.make_blobs(800, 6, centers=8, cluster_std=3.0, random_state=3),
    "moons": lambda: datasets.make_moons(500, noise=0.2, random_state=1),
    "circles": lambda: datasets.make_circles(500, noise=0.05, factor=0.5, random_state=2),
    "features-20-classes-5": lambda: synthetic(4, n_samples=1000, n_features=20, n_informative=10, n_classes=5),
    "imbalanced": lambda: synthetic(5, n_samples=1000, n_features=10, n_informative=5, weights=[0.9]),
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "features-50": lambda: synthetic(6, n_samples=1000, n_features=50, n_informative=20, class_sep=2.0),
    "features-100": lambda: synthetic(7, n_samples=1000, n_features=100, n_informative=30, class_sep=2.0),
    "features-200": lambda: synthetic(8, n_samples=1000, n_features=200, n_informative=40, class_sep=2.0),
    "features-500": lambda: synthetic(9, n_samples=1000, n_features=500, n_informative=50, class_sep=2.0),
    "classes-26": lambda: datasets.make_blobs(2600, 16, centers=26, cluster_std=5.0, random_state=10),
    "rows-5000": lambda: synthetic(11, n_samples=5000, n_features=20, n_informative=8, n_classes=3),
    "constant-duplicated": constant_and_duplicated,
    "one-hot": one_hot,
    "skewed": skewed,
    "checkerboard": checkerboard,
    "units": units,
    "heavy-tails": heavy_tails,
    "quantiles-3": lambda: datasets.make_gaussian_quantiles(n_samples=900, n_features=4, n_classes=3, random_state=12),
    "rows-80": lambda: synthetic(13, n_samples=80, n_features=8, n_informative=4),
    "noisy-labels": lambda: synthetic(14, n_samples=1000, n_features=15, n_informative=6, flip_y=0.2),
}
VALUES = {
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
    "swiss-roll": lambda: datasets.make_swiss_roll(1000, noise=0.1, random_state=15),
    "friedman1": lambda: datasets.make_friedman1(1000, noise=1.0, random_state=16),
    "friedman3": friedman3,
    "linear-12": lambda: datasets.make_regression(500, 12, noise=10.0, random_state=17),
    "sparse": lambda: datasets.make_sparse_uncorrelated(1000, 10, random_state=18),
}


def make(folder):
    for name, generate in (CLASSES | VALUES).items():
        features, target = generate()
        with open(f"{folder}/{name}.csv", "w", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow([f"x{column}" for column in range(features.shape[1])] + ["target"])
            kind = "c{}".format if name in CLASSES else repr
            table.writerows([*row, kind(value)] for row, value in zip(features.tolist(), target.tolist()))
    sets = {name: "classes" for name in CLASSES} | {name: "values" for name in VALUES}
    print(json.dumps({"sets": sets}))


def one_hot_encoded(columns):
    """Columns of text as one column of 0 and 1 for each text."""
    return np.hstack([(column[:, None] == np.unique(column)[None, :]) for column in columns.T]).astype(float)


def read(folder, name):
    with open(f"{folder}/{name}.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    cells = np.array([row[:-1] for row in rows])
    features = one_hot_encoded(cells) if name == "one-hot" else cells.astype(float)
    target = np.array([row[-1] for row in rows])
    with open(f"{folder}/{name}.splits.json") as file:
        splits = json.load(file)["splits"]
    return features, target if name in CLASSES else target.astype(float), splits


def models(name):
    settings = {"hidden_layer_sizes": (HIDDEN,), "max_iter": 2000, "random_state": RANDOM_STATE}
    if name in CLASSES:
        return {"linear": LogisticRegression(max_iter=5000), "perceptron": MLPClassifier(**settings)}
    return {"linear": LinearRegression(), "perceptron": MLPRegressor(**settings)}


def standardised_target(target, train):
    """Values with mean 0 and deviation 1 in the training rows: R^2 is the same, and no optimiser stumbles over units."""
    return (target - target[train].mean()) / target[train].std()


def score(folder, names):
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    scores = {}
    for name in names:
        features, target, splits = read(folder, name)
        of_set = {}
        for split in splits:
            train, test = split["train"], split["test"]
            wanted = target if name in CLASSES else standardised_target(target, train)
            for kind, model in models(name).items():
                fitted = make_pipeline(StandardScaler(), model).fit(features[train], wanted[train])
                of_set.setdefault(kind, []).append(fitted.score(features[test], wanted[test]))
        scores[name] = of_set
        print(f"{name} scored", file=sys.stderr)
    print(json.dumps({"scores": scores}))


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    score(sys.argv[2], sys.argv[3:])
