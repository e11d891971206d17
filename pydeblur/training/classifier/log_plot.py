"""A plot of a run's log. It needs matplotlib, which comes with the extra ``[reproduce]``."""

from __future__ import annotations

import csv
import io

from pydeblur.files import write_bytes


def plot_log(log, path) -> None:
    """Draw loss and accuracies against the batch number.

    Parameters
    ----------
    log : path
        ``log.csv`` of a run.
    path : path
        PNG file to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with open(log, newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    steps = [row["step"] for row in rows]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    loss, accuracy = figure.subplots(1, 2)
    loss.plot(steps, [row["loss"] for row in rows])
    loss.set(xlabel="batches", ylabel="training loss", yscale="log")
    for column, label in (
        ("accuracy", "training crops"),
        ("validation", "validation, scale 1"),
        ("validation_half", "validation, 1/2"),
        ("validation_quarter", "validation, 1/4"),
    ):
        accuracy.plot(steps, [100 * row[column] for row in rows], label=label)
    accuracy.set(xlabel="batches", ylabel="accuracy (%)")
    accuracy.legend()
    stream = io.BytesIO()
    figure.savefig(stream, dpi=100, format="png")
    write_bytes(path, stream.getbuffer())
