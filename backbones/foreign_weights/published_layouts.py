"""How each published file that is no PyTorch file becomes a net's tensors."""

from __future__ import annotations

import re
from typing import Dict, Tuple

from backbones.foreign_weights.strided_tensor import StridedTensor
from backbones.foreign_weights.weights_error import WeightsError, shape_text

# New name -> (old name, tensor).
NamedTensors = Dict[str, Tuple[str, StridedTensor]]


def aodnet_from_caffe(tensors: Dict[str, StridedTensor],
                      channel_order: str) -> NamedTensors:
    """AOD-Net's authors' .caffemodel: conv1 is e_conv1, and so on.

    Caffe stores [out, in, rows, columns] for correlation, as PyTorch does.
    Which colour the first channel is stands nowhere in the file. channel_order
    is 'rgb': nothing is moved; or 'bgr': the net was fed and gives blue first,
    so the input channels of the first layer and the output channels of the last
    are reversed, which gives the same net for RGB.
    """
    result: NamedTensors = {}
    for old, tensor in tensors.items():
        new = re.sub(r'^conv(?=[0-9]+\.)', 'e_conv', old)
        if channel_order == 'bgr':
            if new == 'e_conv1.weight' and len(tensor.shape) == 4:
                tensor = tensor.flipped(1)
            elif new in ('e_conv5.weight', 'e_conv5.bias') and tensor.shape:
                tensor = tensor.flipped(0)
        _add(result, new, old, tensor)
    return result


# Layer here, name in the file, input channels, kernel edge, output channels.
_DEHAZENET_LAYERS = (
    ('conv1', 'conv1', 3, 5, 16),
    ('conv2', 'conv3x3', 4, 3, 16),
    ('conv3', 'conv5x5', 4, 5, 16),
    ('conv4', 'conv7x7', 4, 7, 16),
    ('conv5', 'ip', 48, 6, 1),
)


def dehazenet_from_matlab(tensors: Dict[str, StridedTensor]) -> NamedTensors:
    """DehazeNet's authors' dehaze.mat, for the net of their MATLAB code.

    weights_* is [in, k*k, out] (weights_ip: [in, k*k]), where the kernel's
    element in row r and column c is r + k*c. The code correlates, it does not
    flip the kernel. So weight[o, i, r, c] = weights[i, r + k*c, o]: the same
    numbers read with other strides. biases_* is a column.
    """
    result: NamedTensors = {}
    problems = []
    for new, old, channels, edge, outputs in _DEHAZENET_LAYERS:
        wanted = {
            'weights': (channels, edge * edge, outputs),
            'biases': (outputs, 1),
        }
        if outputs == 1:
            wanted['weights'] = (channels, edge * edge)
        found = {part: tensors.get(f'{part}_{old}') for part in wanted}
        for part, shape in wanted.items():
            tensor = found[part]
            if tensor is None or tensor.shape != shape:
                problems.append(
                    f'{part}_{old}: expected {shape_text(shape)}, found ' +
                    (shape_text(tensor.shape) if tensor else 'none'))
        if problems:
            continue
        weights, biases = found['weights'], found['biases']
        result[f'{new}.weight'] = (
            f'weights_{old}',
            StridedTensor(weights.storage, (outputs, channels, edge, edge),
                          (channels * edge * edge, 1, channels,
                           channels * edge)))
        result[f'{new}.bias'] = (f'biases_{old}',
                                 StridedTensor(biases.storage, (outputs,),
                                               (1,)))
    if problems:
        raise WeightsError("expected the variables of DehazeNet's dehaze.mat:"
                           '\n  ' + '\n  '.join(problems))
    used = {old for old, _ in result.values()}
    for old, tensor in tensors.items():
        if old not in used:
            _add(result, old, old, tensor)
    return result


def _add(result: NamedTensors, new: str, old: str,
         tensor: StridedTensor) -> None:
    if new in result:
        raise WeightsError(f"'{result[new][0]}' and '{old}' would both become "
                           f"'{new}'")
    result[new] = (old, tensor)
