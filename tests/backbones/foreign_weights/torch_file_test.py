"""Files of torch.save() in both formats: values, lies and damage."""

from __future__ import annotations

import struct
import unittest
import zipfile
from typing import Dict

from backbones.foreign_weights.strided_tensor import float_values, to_float32
from backbones.foreign_weights.torch_file import read_torch_file
from backbones.foreign_weights.weights_error import WeightsError
from tests.backbones.foreign_weights import torch_writers
from tests.backbones.foreign_weights.torch_writers import (Written, archive,
                                                           floats, legacy_file,
                                                           zip_file)

_BOTH = {'ZIP archive': zip_file, 'legacy stream': legacy_file}


def values(tensor) -> list:
    return list(float_values('F32', tensor.to_bytes()))


class ReadsTest(unittest.TestCase):

    def test_values_and_shapes(self):
        tensors = {
            'module.conv.weight': floats(range(24), (2, 3, 2, 2)),
            'module.conv.bias': floats([0.5, -1e-30], (2,)),
            'module.scale': floats([7.0], ()),
            'module.none': floats([], (0, 3)),
        }
        for form, write in _BOTH.items():
            read, found_form = read_torch_file(write(tensors))
            self.assertEqual(found_form, f'PyTorch, {form}')
            self.assertEqual(list(read), list(tensors))
            for key, tensor in tensors.items():
                self.assertEqual(read[key].shape, tuple(tensor.shape))
                self.assertEqual(read[key].dtype, 'F32')
                self.assertEqual(read[key].to_bytes(), tensor.data)

    def test_strides(self):
        data = struct.pack('<12f', *range(12))
        tensors = {
            'transposed': Written(data, (4, 3), strides=(1, 4)),
            'column': Written(data, (4,), strides=(3,), offset=2),
            'block': Written(data, (2, 2), strides=(6, 1), offset=4),
            # The stride of an axis of one element means nothing.
            'one': Written(data, (1, 3, 1), strides=(99, 1, 77), offset=9),
            'repeated': Written(data, (2, 3), strides=(0, 1)),
        }
        expected = {
            'transposed': [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
            'column': [2, 5, 8, 11],
            'block': [4, 5, 10, 11],
            'one': [9, 10, 11],
            'repeated': [0, 1, 2, 0, 1, 2],
        }
        for write in _BOTH.values():
            read, _ = read_torch_file(write(tensors))
            self.assertEqual({key: values(read[key]) for key in read}, expected)

    def test_tensors_may_share_a_storage(self):
        data = struct.pack('<6f', *range(6))
        tensors = {
            'all': Written(data, (6,), key='77'),
            'tail': Written(data, (2,), offset=4, key='77'),
        }
        legacy = (torch_writers.legacy_start() +
                  torch_writers.state_pickle(tensors, True) +
                  torch_writers.legacy_end({'all': tensors['all']}))
        entries = [('archive/data.pkl',
                    torch_writers.state_pickle(tensors, False)),
                   ('archive/data/77', data)]
        for content in (legacy, archive(entries)):
            read, _ = read_torch_file(content)
            self.assertEqual(values(read['tail']), [4, 5])

    def test_other_types(self):
        tensors = {
            'half': Written(struct.pack('<3e', 1, -0.5, 65504), (3,), 'F16'),
            'bfloat16': Written(b'\x80\x3f\x49\x40\x80\xff', (3,), 'BF16'),
            'double': Written(struct.pack('<2d', 0.1, 1e300), (2,), 'F64'),
            'count': Written(struct.pack('<q', 12), (), 'I64'),
        }
        for write in _BOTH.values():
            read, _ = read_torch_file(write(tensors))
            wide = {
                key: list(float_values('F32', to_float32(
                    read[key].dtype, read[key].to_bytes())))
                for key in ('half', 'bfloat16', 'double')
            }
            self.assertEqual(wide['half'], [1, -0.5, 65504])
            self.assertEqual(wide['bfloat16'], [1, 3.140625, float('-inf')])
            # 0.1 rounded to float32; what float32 cannot hold is infinite.
            self.assertEqual(wide['double'],
                             [0.100000001490116119384765625, float('inf')])
            self.assertEqual(read['count'].dtype, 'I64')
            self.assertEqual(read['count'].to_bytes(), struct.pack('<q', 12))

    def test_checkpoint(self):
        beside = {'epoch': torch_writers.integer(3)}
        tensors = {'w': floats([1, 2], (2,))}
        for write in _BOTH.values():
            read, _ = read_torch_file(write(tensors, 'model', beside))
            self.assertEqual(read['epoch'], 3)
            self.assertEqual(values(read['model']['w']), [1, 2])


class Refuses(unittest.TestCase):

    def refused(self, content: bytes, fragment: str):
        with self.assertRaises(WeightsError) as caught:
            read_torch_file(content)
        self.assertIn(fragment, str(caught.exception))


class LiesTest(Refuses):

    def test_windows_outside_of_the_storage(self):
        data = struct.pack('<6f', *range(6))
        for tensor in (
            Written(data, (7,)), Written(data, (6,), offset=1),
            Written(data, (2, 3), strides=(4, 1)),
            Written(data, (10**12,), strides=(0,)),
            Written(data, (2**40, 2**40), strides=(0, 0)),
            Written(data, (1,), offset=2**62),
            Written(data, (2, 1), strides=(2**62, 1))):
            for write in _BOTH.values():
                self.refused(write({'w': tensor}),
                             'does not lie in its storage')

    def test_numbers_that_are_no_sizes(self):
        data = struct.pack('<6f', *range(6))
        for tensor, fragment in (
            (Written(data, (-1,)), 'expected numbers from 0'),
            (Written(data, (2,), strides=(-1,), offset=5),
             'expected numbers from 0'),
            (Written(data, (1,), offset=-1), 'expected numbers from 0'),
            (Written(data, (2**64,), strides=(1,)), 'expected numbers from 0'),
            (Written(data, (2, 3), strides=(1,)), 'as many strides'),
            (Written(data, (1,) * 65), 'at most 64')):
            for write in _BOTH.values():
                self.refused(write({'w': tensor}), fragment)

    def test_sizes_of_storages(self):
        data = struct.pack('<6f', *range(6))
        for claim in (5, 7, 2**40, 2**62):
            tensor = Written(data, (1,), claimed_numel=claim)
            self.refused(zip_file({'w': tensor}), f'expected {4 * claim} bytes')
        for claim, fragment in ((7, 'cut short'), (5, 'bytes behind its last'),
                                (2**40, 'claims 4398046511104 bytes')):
            tensor = Written(data, (1,), claimed_numel=claim)
            self.refused(legacy_file({'w': tensor}), fragment)
        tensor = Written(data, (1,), claimed_numel=2**63)
        self.refused(zip_file({'w': tensor}), 'the size of a storage')

    def test_legacy_count_differs_from_the_pickle(self):
        content = legacy_file({'w': floats([1, 2], (2,))})
        for count in (1, 3, 2**60, -1):
            lie = content[:-16] + struct.pack('<q', count) + content[-8:]
            self.refused(lie, 'the pickle says 2')

    def test_one_storage_of_two_types(self):
        tensors = {
            'a': Written(b'\0' * 8, (2,), 'F32', key='7'),
            'b': Written(b'\0' * 8, (1,), 'F64', key='7'),
        }
        for write in _BOTH.values():
            self.refused(write(tensors), "refers to the storage '7' as")

    def test_persistent_ids(self):
        storage = torch_writers.name('torch', 'FloatStorage')
        text, integer = torch_writers.text, torch_writers.integer
        place, one = text('cpu'), integer(1)
        for parts, fragment in (
            ([text('module'), storage, text('7'), place, one],
             'no storage of a known type'),
            ([text('storage'), text('FloatStorage'), text('7'), place, one],
             'no storage of a known type'),
            ([text('storage'), torch_writers.name('torch', 'Size'), text('7'),
              place, one], 'no storage of a known type'),
            ([text('storage'), storage, text('../../etc/passwd'), place, one],
             'ASCII letters and digits'),
            ([text('storage'), storage, text(''), place, one],
             'ASCII letters and digits'),
            ([text('storage'), storage, integer(7), place, one],
             'ASCII letters and digits'),
            ([text('storage'), storage, text('7'), b'N', one], 'location'),
            ([text('storage'), storage, text('7'), place, b'\x88'],
             'the size of a storage'),
            ([text('storage'), storage, text('7'), place, integer(-1)],
             'the size of a storage'),
            ([text('storage'), storage, text('7'), place, one,
              torch_writers.sequence(text('8'), integer(0), one)],
             'a view of another'),
            ([text('storage')], 'no storage')):
            state = torch_writers.sequence(*parts) + b'Q'
            pickled = b'\x80\x02' + state + b'.'
            self.refused(archive([('a/data.pkl', pickled)]), fragment)
            self.refused(torch_writers.legacy_start() + pickled, fragment)
        self.refused(archive([('a/data.pkl', b'\x80\x02' + storage + b'Q.')]),
                     'no storage')

    def test_key_twice(self):
        item = torch_writers.text('w') + torch_writers.integer(1)
        pickled = b'\x80\x02}(' + item * 2 + b'u.'
        self.refused(archive([('a/data.pkl', pickled)]), "the key 'w' twice")


class ArchiveTest(Refuses):

    def entries(self) -> Dict[str, bytes]:
        tensor = floats([1, 2], (2,))
        return {
            'archive/data.pkl': torch_writers.state_pickle({'w': tensor},
                                                           False),
            'archive/data/9400': tensor.data,
        }

    def test_bombs(self):
        bomb = {**self.entries(), 'archive/data/1': b'\0' * 10**7}
        content = archive(list(bomb.items()), zipfile.ZIP_DEFLATED)
        self.assertLess(len(content), 20000)
        self.refused(content, 'is compressed')

    def test_entries_that_overlap(self):
        # The central directory lists one megabyte a hundred times.
        content = bytearray(archive([('a/data/000', b'\0' * 10**6)] +
                                    [(f'a/data/{i:03}', b'')
                                     for i in range(1, 100)]))
        start = content.rindex(b'PK\x05\x06')
        directory, = struct.unpack_from('<I', content, start + 16)
        first = content[directory:directory + 46]
        position = directory
        for _ in range(100):
            content[position + 16:position + 28] = first[16:28]
            position += 46 + len('a/data/000')
        self.refused(bytes(content), 'the entries of the archive claim')

    def test_paths(self):
        for path in ('../data.pkl', 'a/../../x', '/etc/passwd', 'a//b',
                     'a\\..\\b'):
            entries = [*self.entries().items(), (path, b'x')]
            self.refused(archive(entries), 'which leads out of it')

    def test_entry_twice(self):
        entries = list(self.entries().items())
        with self.assertWarns(UserWarning):
            content = archive(entries + entries[:1])
        self.refused(content, "'archive/data.pkl' twice")

    def test_missing_entries(self):
        pickled = self.entries()['archive/data.pkl']
        self.refused(archive([('archive/data.pkl', pickled)]),
                     "no entry 'archive/data/9400'")
        self.refused(archive([('archive/version', b'3')]),
                     'expected one entry NAME/data.pkl')
        self.refused(archive([('a/data.pkl', pickled),
                              ('b/data.pkl', pickled)]), 'found 2')
        self.refused(archive([]), '')

    def test_other_kinds(self):
        entries = list(self.entries().items())
        self.refused(archive(entries + [('archive/constants.pkl', b'')]),
                     'TorchScript')
        self.refused(archive(entries + [('archive/byteorder', b'big')]),
                     'little-endian')
        read_torch_file(archive(entries + [('archive/byteorder', b'little')]))

    def test_bytes_behind_the_pickle(self):
        entries = self.entries()
        entries['archive/data.pkl'] += b'N.'
        self.refused(archive(list(entries.items())), 'behind its end')

    def test_damaged_data(self):
        content = archive(list(self.entries().items()))
        place = content.index(struct.pack('<2f', 1, 2))
        self.refused(content[:place] + b'\x01' + content[place + 1:],
                     'Bad CRC-32')


class LegacyTest(Refuses):

    def test_other_pickles(self):
        self.refused(b'\x80\x02}.', 'magic number')
        self.refused(torch_writers.LEGACY_MAGIC + b'\x80\x02M\xea\x03.',
                     'protocol 1001')
        machine = torch_writers.plain_dictionary({'little_endian': b'\x89'})
        self.refused(
            torch_writers.LEGACY_MAGIC + torch_writers.LEGACY_PROTOCOL +
            b'\x80\x02' + machine + b'.', 'little-endian')

    def test_storages_that_do_not_match(self):
        one, two = floats([1], (1,)), floats([2], (1,))
        start = torch_writers.legacy_start()
        self.refused(
            start + torch_writers.state_pickle({'a': one}, True) +
            torch_writers.legacy_end({'a': one, 'b': two}),
            'holds 1 storages to which no tensor refers')
        self.refused(
            start + torch_writers.state_pickle({'a': one, 'b': two}, True) +
            torch_writers.legacy_end({'a': one}), 'lacks 1')
        for keys in (b'}', b'](K\x01e', b'](' +
                     torch_writers.text('9400') * 2 + b'e'):
            self.refused(
                start + torch_writers.state_pickle({'a': one}, True) +
                b'\x80\x02' + keys + b'.', 'list of different storage keys')

    def test_bytes_behind_the_last_storage(self):
        self.refused(legacy_file({'a': floats([1], (1,))}) + b'\0',
                     'goes on for 1 bytes')


class CutTest(Refuses):

    def test_cut_anywhere(self):
        tensors = {'w': floats([1, 2], (2,)), 'b': floats([3], (1,))}
        for write in _BOTH.values():
            content = write(tensors)
            for length in range(len(content)):
                self.refused(content[:length], '')


if __name__ == '__main__':
    unittest.main()
