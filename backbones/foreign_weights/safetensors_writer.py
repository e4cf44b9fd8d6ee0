"""Writes safetensors: header length, JSON header, data.

Laid out as the C++ writer (backbones/safetensors.h) lays it out: metadata
first, tensors by name, padded with spaces to a multiple of 8.
"""

from __future__ import annotations

import json
import struct
from typing import Dict, Sequence

from backbones.foreign_weights.strict_match import ConvertedTensor


def format_safetensors(tensors: Sequence[ConvertedTensor],
                       metadata: Dict[str, str]) -> bytes:
    """The whole file. All tensors are F32, so each is aligned."""
    header: Dict[str, object] = {
        '__metadata__': dict(sorted(metadata.items()))
    }
    position = 0
    ordered = sorted(tensors, key=lambda tensor: tensor.name)
    for tensor in ordered:
        end = position + len(tensor.data)
        header[tensor.name] = {
            'dtype': 'F32',
            'shape': list(tensor.shape),
            'data_offsets': [position, end],
        }
        position = end
    text = json.dumps(header, ensure_ascii=False, separators=(',', ':'))
    encoded = text.encode('utf-8')
    encoded += b' ' * (-len(encoded) % 8)
    return b''.join([struct.pack('<Q', len(encoded)), encoded] +
                    [tensor.data for tensor in ordered])
