"""Accuracy of scikit-learn's logistic regression on given splits of a CSV file.

Usage: logistic_regression.py DATA.csv SPLITS.json [--divide-by X]

DATA.csv has the label in its last column, and may have a header. SPLITS.json is {"splits": [{"train": [row, ..],
"test": [row, ..]}, ..]} with rows counted from 0. Features are divided by X where it is given, else
standardised with the mean and deviation of the training rows. Prints {"accuracies": [..]}, one per split.
"""

import argparse
import csv
import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("splits")
parser.add_argument("--divide-by", type=float)
args = parser.parse_args()

with open(args.data, newline="") as file:
    rows = [row for row in csv.reader(file) if row]
if rows[0][0][:1].isalpha():
    rows = rows[1:]
features = np.array([row[:-1] for row in rows], dtype=float)
labels = np.array([row[-1] for row in rows])
with open(args.splits) as file:
    splits = json.load(file)["splits"]

accuracies = []
for split in splits:
    if args.divide_by is None:
        scale = StandardScaler()
    else:
        scale = FunctionTransformer(lambda x: x / args.divide_by)
    model = make_pipeline(scale, LogisticRegression(max_iter=5000))
    model.fit(features[split["train"]], labels[split["train"]])
    accuracies.append(model.score(features[split["test"]], labels[split["test"]]))
print(json.dumps({"accuracies": accuracies}))
