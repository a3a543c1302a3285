"""Prints as JSON what TensorBoard's own reader finds below a folder of event files.

python read.py LOGDIR [VALUES.json]

{run: {"scalars": {tag: [[step, value], ...]}, "histograms": {tag: [[step, [[left, right, count], ...]], ...]}}}

With VALUES.json, {name: [number, ...]}, it has "reference" too: the buckets that TensorBoard itself makes of such values.
"""

import json
import sys
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing import event_accumulator, event_multiplexer
from tensorboard.plugins.histogram import summary_v2
from tensorboard.util import tensor_util


def run(accumulator):
    scalars, histograms = {}, {}
    for tag in accumulator.Tags()["tensors"]:
        plugin = accumulator.SummaryMetadata(tag).plugin_data.plugin_name
        values = [(event.step, tensor_util.make_ndarray(event.tensor_proto).tolist()) for event in accumulator.Tensors(tag)]
        {"scalars": scalars, "histograms": histograms}[plugin][tag] = values
    return {"scalars": scalars, "histograms": histograms}


def reference(values):
    summary = summary_v2.histogram_pb("tag", np.array(values, np.float32))
    return tensor_util.make_ndarray(summary.value[0].tensor).tolist()


def main(logdir, values=None):
    multiplexer = event_multiplexer.EventMultiplexer(size_guidance={event_accumulator.TENSORS: 0})  # 0: all
    multiplexer.AddRunsFromDirectory(logdir)
    multiplexer.Reload()
    found = {"runs": {name: run(multiplexer.GetAccumulator(name)) for name in multiplexer.Runs()}}
    if values:
        found["reference"] = {name: reference(v) for name, v in json.loads(Path(values).read_text()).items()}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
