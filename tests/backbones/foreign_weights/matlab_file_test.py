"""The reader of MAT-files and DehazeNet's layout, on files made by hand."""

from __future__ import annotations

import struct
import unittest

from backbones.foreign_weights.matlab_file import read_matlab_file
from backbones.foreign_weights.published_layouts import dehazenet_from_matlab
from backbones.foreign_weights.strided_tensor import float_values
from backbones.foreign_weights.weights_error import WeightsError
from tests.backbones.foreign_weights.other_writers import (MATLAB_HEADER,
                                                           compressed, element,
                                                           variable)


def singles(values) -> bytes:
    values = list(values)
    return struct.pack(f'<{len(values)}f', *values)


class ReadsTest(unittest.TestCase):

    def test_first_index_runs_fastest(self):
        content = MATLAB_HEADER + variable('a', (2, 3), singles(range(6)))
        tensor = read_matlab_file(content)['a']
        self.assertEqual(tensor.shape, (2, 3))
        self.assertEqual(list(float_values('F32', tensor.to_bytes())),
                         [0, 2, 4, 1, 3, 5])

    def test_compressed_and_plain(self):
        content = MATLAB_HEADER + compressed(
            variable('first', (4, 1), singles(range(4)))) + compressed(
                variable('second', (1, 1), singles([9]))) + variable(
                    'third', (1, 2), struct.pack('<2d', 1, 2), 6, 9)
        tensors = read_matlab_file(content)
        self.assertEqual(list(tensors), ['first', 'second', 'third'])
        self.assertEqual(tensors['second'].to_bytes(), singles([9]))
        self.assertEqual(tensors['third'].dtype, 'F64')


class RefusesTest(unittest.TestCase):

    def refused(self, content: bytes, fragment: str):
        with self.assertRaises(WeightsError) as caught:
            read_matlab_file(MATLAB_HEADER + content)
        self.assertIn(fragment, str(caught.exception))

    def test_classes(self):
        for array_class in (1, 2, 3, 4, 5, 8, 9, 12, 0, 255):
            self.refused(variable('a', (1, 1), b'abcd', array_class),
                         'class single or double')
        complex_numbers = variable('a', (1, 1), b'abcd', 7 | 0x800)
        self.refused(complex_numbers, 'expected real numbers')
        # A double that MATLAB stored as small integers.
        self.refused(variable('a', (1, 4), b'abcd', 6, 2), 'another type')

    def test_sizes(self):
        self.refused(variable('a', (2, 2), singles(range(3))), 'do not fit')
        self.refused(variable('a', (-1, -3), singles(range(3))), 'do not fit')
        self.refused(variable('a', (2**30,) * 8, singles(range(3))),
                     'do not fit')
        self.refused(variable('a', (1,) * 9, singles([1])), 'damaged')
        self.refused(struct.pack('<II', 14, 2**31) + b'abc', 'claims')

    def test_compression(self):
        content = variable('a', (4, 1), singles(range(4)))
        bomb = compressed(struct.pack('<II', 14, 2**31) + b'\0' * 10**6)
        self.refused(bomb, 'claims 2147483648 bytes')
        bomb = compressed(struct.pack('<II', 14, 100) + b'\0' * 10**7)
        self.refused(bomb, 'holds another number')
        self.refused(compressed(content[:-1]), 'holds another number')
        self.refused(compressed(b'abc'), 'cut short')
        broken = bytearray(compressed(content))
        broken[-1] ^= 1
        self.refused(bytes(broken), 'damaged')
        self.refused(compressed(compressed(content)), '')

    def test_structure(self):
        self.refused(element(7, singles(range(4))), 'element of type 7')
        self.refused(element(14, element(6, b'12345678')), 'does not begin')
        self.refused(b'abc', 'cut short within a tag')
        self.refused(struct.pack('<HH', 14, 5) + b'abcd', 'small element')
        twice = variable('a', (1, 1), singles([1]))
        self.refused(twice + twice, 'twice')
        self.refused(variable('\x01', (1, 1), singles([1])), 'no ASCII text')

    def test_headers(self):
        for content in (b'', b'MATLAB 7.3 MAT-file', MATLAB_HEADER[:100]):
            with self.assertRaisesRegex(WeightsError, 'level 5'):
                read_matlab_file(content)
        with self.assertRaisesRegex(WeightsError, 'little-endian'):
            read_matlab_file(MATLAB_HEADER[:126] + b'MI')

    def test_cut_anywhere(self):
        content = compressed(variable('a', (4, 1), singles(range(4))))
        for length in range(1, len(content)):
            self.refused(content[:length], '')


_LAYERS = (('conv1', 'conv1', 3, 5, 16), ('conv2', 'conv3x3', 4, 3, 16),
           ('conv3', 'conv5x5', 4, 5, 16), ('conv4', 'conv7x7', 4, 7, 16),
           ('conv5', 'ip', 48, 6, 1))


def dehazenet_file(leave_out: str = '') -> bytes:
    """Every weight is a number that says where it belongs."""
    content = MATLAB_HEADER
    for _, old, channels, edge, outputs in _LAYERS:
        weights = [
            place(i, r, c, o) for o in range(outputs) for c in range(edge)
            for r in range(edge) for i in range(channels)
        ]
        shape = (channels, edge * edge, outputs)
        parts = ((f'weights_{old}', shape if outputs > 1 else shape[:2],
                  weights), (f'biases_{old}', (outputs, 1), range(outputs)))
        for name, dimensions, numbers in parts:
            if name != leave_out:
                content += compressed(
                    variable(name, dimensions, singles(numbers)))
    return content


def place(channel: int, row: int, column: int, output: int) -> int:
    return ((output * 64 + channel) * 8 + row) * 8 + column


class DehazeNetTest(unittest.TestCase):

    def test_every_weight_comes_to_its_place(self):
        result = dehazenet_from_matlab(read_matlab_file(dehazenet_file()))
        self.assertEqual(len(result), 10)
        for new, old, channels, edge, outputs in _LAYERS:
            old_name, tensor = result[f'{new}.weight']
            self.assertEqual(old_name, f'weights_{old}')
            self.assertEqual(tensor.shape, (outputs, channels, edge, edge))
            self.assertEqual(
                list(float_values('F32', tensor.to_bytes())), [
                    place(i, r, c, o) for o in range(outputs)
                    for i in range(channels) for r in range(edge)
                    for c in range(edge)
                ])
            _, bias = result[f'{new}.bias']
            self.assertEqual(bias.shape, (outputs,))
            self.assertEqual(list(float_values('F32', bias.to_bytes())),
                             list(range(outputs)))

    def test_missing_variables(self):
        tensors = read_matlab_file(dehazenet_file('weights_ip'))
        with self.assertRaisesRegex(WeightsError,
                                    r'weights_ip: expected \[48, 36\], found '
                                    'none'):
            dehazenet_from_matlab(tensors)

    def test_other_variables_are_kept_for_the_check(self):
        content = dehazenet_file() + variable('extra', (1, 1), singles([1]))
        self.assertIn('extra', dehazenet_from_matlab(read_matlab_file(content)))


if __name__ == '__main__':
    unittest.main()
