"""Arguments as arrays, or exceptions that say what is wrong with them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def matrix(given: ArrayLike, name: str, columns: int | None = None, *, nan: bool = False) -> NDArray[np.float64]:
    """An array of two axes in C order; one axis is taken for rows of one number each.

    Raises:
        TypeError: it holds something other than numbers.
        ValueError: it has another shape, or a number that is not finite.
    """
    array = np.asarray(given)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} holds {array.dtype}; give real numbers")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(f"{name} has {array.ndim} axes; give one row for each sample")
    if columns is not None and array.shape[1] != columns:
        raise ValueError(f"{name} has {array.shape[1]} columns and there must be {columns}")
    array = np.ascontiguousarray(array, dtype=np.float64)
    wrong = np.isinf(array) if nan else ~np.isfinite(array)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(f"{name}[{row}, {column}] is {array[row, column]}; give finite numbers")
    return array


def volts(given: ArrayLike, name: str, columns: int, *, nan: bool = False) -> NDArray[np.float64]:
    """A matrix of voltages between -1 and 1 V.

    Raises:
        TypeError, ValueError: as :func:`matrix`, or a voltage lies outside.
    """
    array = matrix(given, name, columns, nan=nan)
    outside = np.abs(array) > 1
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ValueError(f"{name}[{row}, {column}] is {array[row, column]} V; full scale is 1 V, scale them")
    if len(array) == 0:
        raise ValueError(f"{name} has no rows; give at least one sample")
    return array


def count(given: Any, name: str, least: int = 0) -> int:
    """A whole number that is at least ``least``.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is too small.
    """
    try:
        number = operator.index(given)
    except TypeError:
        raise TypeError(f"{name} is {given!r}; give a whole number") from None
    if number < least:
        raise ValueError(f"{name} is {number}; give at least {least}")
    return number
