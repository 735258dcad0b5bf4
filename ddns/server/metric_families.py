"""Metrics of Prometheus, each with one number, or with several by the values of its labels."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString

from ddns.model.counters import Histogram

Numbers = Mapping[tuple[str, ...], float]
"""Numbers by the values of labels."""


def gauge(name: str, text: str, number: float | None) -> Metric:
    """Return a number that goes up and down; a metric without a sample for None."""
    return GaugeMetricFamily(name, text, number)


def gauges(name: str, text: str, numbers: Numbers, *labels: str) -> Metric:
    """Return numbers that go up and down."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in numbers.items():
        family.add_metric(values, number)
    return family


def counter(name: str, text: str, number: float) -> Metric:
    """Return a number that only goes up; ``_total`` is appended to its name."""
    return CounterMetricFamily(name, text, number)


def counters(name: str, text: str, numbers: Numbers, *labels: str) -> Metric:
    """Return numbers that only go up."""
    family = CounterMetricFamily(name, text, labels=labels)
    for values, number in numbers.items():
        family.add_metric(values, number)
    return family


def histograms(
    name: str, text: str, found: Mapping[tuple[str, ...], Histogram], *labels: str
) -> Metric:
    """Return histograms: how often a value was at most each of the bounds."""
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, histogram in found.items():
        bounds = (*map(floatToGoString, histogram.bounds), "+Inf")
        counts = itertools.accumulate(histogram.counts)
        family.add_metric(values, list(zip(bounds, counts, strict=True)), histogram.sum)
    return family
