"""The reader of .caffemodel files, on messages put together by hand."""

from __future__ import annotations

import struct
import unittest

from backbones.foreign_weights.caffe_file import read_caffe_file
from backbones.foreign_weights.published_layouts import aodnet_from_caffe
from backbones.foreign_weights.strided_tensor import float_values
from backbones.foreign_weights.weights_error import WeightsError
from tests.backbones.foreign_weights.other_writers import (
    blob, bytes_field, layer, number_field, old_blob, old_layer, varint)


def values(tensor) -> list:
    return list(float_values('F32', tensor.to_bytes()))


class ReadsTest(unittest.TestCase):

    def test_both_kinds_of_layers_and_blobs(self):
        weight = blob(range(12), (2, 6, 1, 1))
        for write in (layer, old_layer):
            tensors = read_caffe_file(
                bytes_field(1, b'net') + write('relu') +
                write('conv1', weight, blob([5, 6], (2,))) +
                write('conv2', old_blob(range(4), (1, 4, 1, 1)),
                      old_blob([7], (1, 1, 1, 1))))
            self.assertEqual(
                {key: (tensor.shape, values(tensor))
                 for key, tensor in tensors.items()}, {
                     'conv1.weight': ((2, 6, 1, 1), list(range(12))),
                     'conv1.bias': ((2,), [5, 6]),
                     'conv2.weight': ((1, 4, 1, 1), [0, 1, 2, 3]),
                     'conv2.bias': ((1,), [7]),
                 })

    def test_doubles(self):
        dims = bytes_field(7, number_field(1, 2))
        tensors = read_caffe_file(
            layer('conv', dims + bytes_field(8, struct.pack('<2d', 1, 2))))
        self.assertEqual(tensors['conv.weight'].dtype, 'F64')

    def test_dimensions_one_by_one(self):
        dims = bytes_field(7, number_field(1, 1) + number_field(1, 2))
        data = bytes_field(5, struct.pack('<2f', 3, 4))
        tensors = read_caffe_file(layer('conv', dims + data))
        self.assertEqual(tensors['conv.weight'].shape, (1, 2))


class RefusesTest(unittest.TestCase):

    def refused(self, content: bytes, fragment: str):
        with self.assertRaises(WeightsError) as caught:
            read_caffe_file(content)
        self.assertIn(fragment, str(caught.exception))

    def test_sizes(self):
        self.refused(layer('a', blob([1, 2], (3,))), 'expected 12 bytes')
        self.refused(layer('a', blob([1, 2], (2**30, 2**30))), 'expected')
        self.refused(layer('a', blob([1], (2**31,))), 'has the shape')
        self.refused(layer('a', blob([1], (1,) * 9)), 'has the shape')
        self.refused(varint(100 << 3 | 2) + varint(2**40) + b'abc',
                     'claims 1099511627776 bytes')
        self.refused(varint(100 << 3 | 2) + b'\xff' * 10 + b'\x01',
                     'more than 10 bytes')

    def test_what_is_no_message(self):
        self.refused(b'', 'no layers')
        self.refused(bytes_field(1, b'net'), 'no layers')
        self.refused(b'\x0b', 'found the tag 11')
        self.refused(b'\x00', 'found the tag 0')
        self.refused(b'\xff', 'cut short within a number')

    def test_layers(self):
        one = blob([1], (1,))
        self.refused(layer('a', one) + layer('a', one), 'twice')
        self.refused(layer('a', one) + old_layer('a', one), 'twice')
        self.refused(layer('a', one, one, one), '3 blobs')
        self.refused(layer('a\n', one), 'no printable text')
        self.refused(layer('ä', one), 'no ASCII text')

    def test_cut_anywhere(self):
        content = layer('conv1', blob(range(4), (4,)))
        for length in range(len(content)):
            self.refused(content[:length], '')


class AodNetTest(unittest.TestCase):

    def tensors(self):
        return read_caffe_file(
            layer('conv1', blob(range(6), (2, 3, 1, 1)), blob([8, 9], (2,))) +
            layer('conv2', blob(range(3), (1, 3, 1, 1))) +
            layer('conv5', blob(range(6), (3, 2, 1, 1)), blob([1, 2, 3], (3,))))

    def test_rgb_moves_nothing(self):
        result = aodnet_from_caffe(self.tensors(), 'rgb')
        self.assertEqual(result['e_conv1.weight'][0], 'conv1.weight')
        self.assertEqual(values(result['e_conv1.weight'][1]), list(range(6)))
        self.assertEqual(values(result['e_conv5.bias'][1]), [1, 2, 3])

    def test_bgr_reverses_input_and_output(self):
        result = {
            new: values(tensor) for new, (_, tensor) in aodnet_from_caffe(
                self.tensors(), 'bgr').items()
        }
        self.assertEqual(
            result, {
                'e_conv1.weight': [2, 1, 0, 5, 4, 3],
                'e_conv1.bias': [8, 9],
                'e_conv2.weight': [0, 1, 2],
                'e_conv5.weight': [4, 5, 2, 3, 0, 1],
                'e_conv5.bias': [3, 2, 1],
            })

    def test_two_names_for_one_layer(self):
        tensors = read_caffe_file(
            layer('conv1', blob([1], (1,))) + layer('e_conv1', blob([1], (1,))))
        with self.assertRaisesRegex(WeightsError, 'would both become'):
            aodnet_from_caffe(tensors, 'rgb')


if __name__ == '__main__':
    unittest.main()
