"""Checks an ONNX file with onnx.checker and runs it with onnxruntime on the CPU.

python run.py FILE PICTURES ANSWERS

PICTURES holds float32, the pictures one after the other. ANSWERS gets the float32
probabilities of all of them in one batch and then those of each alone. The standard
output is what the file says of itself, as JSON.
"""

import json
import sys

import numpy
import onnx
import onnxruntime

path, pictures, answers = sys.argv[1:]
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)

session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
(image,), (probabilities,) = session.get_inputs(), session.get_outputs()
x = numpy.fromfile(pictures, "<f4").reshape([-1] + image.shape[1:])
together = session.run(["probabilities"], {"image": x})[0]
alone = [session.run(["probabilities"], {"image": x[i : i + 1]})[0] for i in range(len(x))]
numpy.concatenate([together] + alone).astype("<f4").tofile(answers)


def shapes_of(graph):
    """The shapes in value_info, with the batch's name where it is free."""
    return {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in graph.value_info}


# Those in the file, and as onnx infers them from nothing but the input's.
written = shapes_of(model.graph)
del model.graph.value_info[:]
inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
print(
    json.dumps(
        {
            "input": [image.name, image.type, image.shape],
            "output": [probabilities.name, probabilities.type, probabilities.shape],
            "metadata": session.get_modelmeta().custom_metadata_map,
            "producer": session.get_modelmeta().producer_name,
            "written": written,
            "inferred": shapes_of(inferred.graph),
        }
    )
)
