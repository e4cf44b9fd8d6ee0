"""From a checkpoint to the net's tensors: choices, prefixes, strictness."""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import unittest
from unittest import mock

from backbones.foreign_weights.atomic_files import write_files
from backbones.foreign_weights.safetensors_writer import format_safetensors
from backbones.foreign_weights.state_dict import (find_state_dict,
                                                  strip_prefixes)
from backbones.foreign_weights.strict_match import match_tensors
from backbones.foreign_weights.strided_tensor import contiguous_tensor
from backbones.foreign_weights.tensor_table import parse_tensor_table
from backbones.foreign_weights.weights_error import WeightsError


def tensor(*values: float, dtype: str = 'F32', shape=None):
    form = {'F32': 'f', 'F64': 'd', 'F16': 'e', 'I64': 'q'}[dtype]
    return contiguous_tensor(dtype, shape if shape is not None else
                             (len(values),),
                             struct.pack(f'<{len(values)}{form}', *values))


class StateDictTest(unittest.TestCase):

    def test_top(self):
        state = {'a': tensor(1), 'epoch': 3}
        self.assertEqual(find_state_dict(state, ''), (state, ''))

    def test_the_only_entry_with_tensors(self):
        state = {'a': tensor(1)}
        optimiser = {'state': {0: {'exp_avg': tensor(2)}}, 'param_groups': []}
        for name in ('model', 'state_dict', 'net', 'params', 'anything'):
            self.assertEqual(
                find_state_dict(
                    {'epoch': 3, name: state, 'optimizer': optimiser}, ''),
                (state, name))
        nested = {'nets': {'generator': state}}
        self.assertEqual(find_state_dict(nested, ''),
                         (state, 'nets.generator'))

    def test_several_entries(self):
        state, average = {'a': tensor(1)}, {'a': tensor(2)}
        value = {'params': state, 'params_ema': average}
        with self.assertRaisesRegex(
                WeightsError, "found 2: 'params', 'params_ema'. Choose with "
                '--entry='):
            find_state_dict(value, '')
        self.assertEqual(find_state_dict(value, 'params_ema'),
                         (average, 'params_ema'))
        with self.assertRaisesRegex(WeightsError, "no entry 'x'"):
            find_state_dict(value, 'x')

    def test_no_entry(self):
        for value in (3, [tensor(1)], {}, {'a': {}}, {0: tensor(1)}, None):
            with self.assertRaisesRegex(WeightsError, 'no dictionary'):
                find_state_dict(value, '')

    def test_one_dictionary_in_many_places(self):
        many = {str(i): 1 for i in range(3000)}
        value = {str(i): {str(j): many for j in range(1000)} for i in range(9)}
        with self.assertRaisesRegex(WeightsError, 'no dictionary'):
            find_state_dict(value, '')

    def test_prefixes(self):
        self.assertEqual(strip_prefixes(['module.a', 'module.b.c']),
                         ({'a': 'module.a', 'b.c': 'module.b.c'}, 'module.'))
        self.assertEqual(
            strip_prefixes(['module._orig_mod.module.a']),
            ({'a': 'module._orig_mod.module.a'}, 'module._orig_mod.module.'))
        self.assertEqual(strip_prefixes(['module.a', 'b']),
                         ({'module.a': 'module.a', 'b': 'b'}, ''))
        self.assertEqual(strip_prefixes([]), ({}, ''))


_TABLE = parse_tensor_table('# backbone=toy[k=1]\n'
                            'parameter\tw\t2x2\n'
                            'parameter\tb\t2\n'
                            'buffer\tn.running_mean\t2\n')


def good_sources():
    return {
        'b': ('module.b', tensor(5, 6)),
        'w': ('module.w', tensor(1, 2, 3, 4, shape=(2, 2))),
        'n.running_mean': ('module.n.running_mean', tensor(0.5, 0.25)),
    }


class MatchTest(unittest.TestCase):

    def problems(self, changes, cast=False, list_all=False) -> str:
        sources = {**good_sources(), **changes}
        sources = {new: pair for new, pair in sources.items() if pair}
        with self.assertRaises(WeightsError) as caught:
            match_tensors(sources, _TABLE, cast, list_all)
        return str(caught.exception)

    def test_table(self):
        self.assertEqual(_TABLE.backbone, 'toy[k=1]')
        self.assertEqual(
            [(one.kind, one.name, one.shape) for one in _TABLE.tensors],
            [('parameter', 'w', (2, 2)), ('parameter', 'b', (2,)),
             ('buffer', 'n.running_mean', (2,))])

    def test_report_of_every_tensor(self):
        converted, dropped = match_tensors(good_sources(), _TABLE, False, False)
        self.assertEqual(dropped, [])
        self.assertEqual(
            converted[0].report(), {
                'name': 'w',
                'old_name': 'module.w',
                'kind': 'parameter',
                'shape': [2, 2],
                'source_dtype': 'F32',
                'dtype': 'F32',
                'sha256': hashlib.sha256(struct.pack('<4f', 1, 2, 3,
                                                     4)).hexdigest(),
                'sum': 10.0,
            })
        self.assertEqual([one.kind for one in converted],
                         ['parameter', 'parameter', 'buffer'])

    def test_everything_at_once(self):
        text = self.problems({
            'w': None,
            'b': ('module.b', tensor(1, 2, 3)),
            'n.running_mean': ('module.n.running_mean',
                               tensor(1, float('nan'))),
            'x': ('module.x', tensor(1)),
            'epoch': ('epoch', 3),
        })
        for fragment in ("'toy[k=1]'", 'Nothing was written',
                         '1 missing:\n  w [2, 2]',
                         '2 in the file, not in the net:\n'
                         '  module.x [1] F32\n  epoch (no tensor)',
                         '1 of another shape:\n'
                         '  module.b: expected [2], found [3]',
                         '1 not finite:\n'
                         '  module.n.running_mean: 1 of 2 values'):
            self.assertIn(fragment, text)

    def test_transposed_is_misshapen(self):
        wide = parse_tensor_table('# backbone=toy\nparameter\tw\t2x3\n')
        sources = {'w': ('w', tensor(*range(6), shape=(3, 2)))}
        with self.assertRaisesRegex(WeightsError,
                                    r'expected \[2, 3\], found \[3, 2\]'):
            match_tensors(sources, wide, False, False)

    def test_types(self):
        for dtype in ('F64', 'F16'):
            text = self.problems({'b': ('b', tensor(1, 2, dtype=dtype))})
            self.assertIn(f'b is {dtype} (--cast converts it)', text)
        text = self.problems({'b': ('b', tensor(1, 2, dtype='I64'))}, cast=True)
        self.assertIn('1 of another type than F32:\n  b is I64', text)
        text = self.problems({'b': ('b', 'text')})
        self.assertIn('b is no tensor', text)

    def test_cast(self):
        sources = good_sources()
        sources['b'] = ('b', tensor(0.1, 2, dtype='F64'))
        converted, _ = match_tensors(sources, _TABLE, True, False)
        self.assertEqual(converted[1].data, struct.pack('<2f', 0.1, 2))
        self.assertEqual(converted[1].report()['source_dtype'], 'F64')
        text = self.problems({'b': ('b', tensor(1e300, 2, dtype='F64'))},
                             cast=True)
        self.assertIn('1 not finite:\n  b: 1 of 2 values', text)

    def test_first_ten_or_all(self):
        extra = {f'x{i}': (f'x{i}', tensor(1)) for i in range(25)}
        text = self.problems(extra)
        self.assertIn('25 in the file, not in the net:', text)
        self.assertIn('x9 ', text)
        self.assertNotIn('x10 ', text)
        self.assertIn('and 15 more', text)
        self.assertIn('--list_all', text)
        text = self.problems(extra, list_all=True)
        self.assertIn('x24 ', text)
        self.assertNotIn('--list_all', text)

    def test_batch_counters_are_left_out(self):
        counter = ('module.n.num_batches_tracked',
                   tensor(7, dtype='I64', shape=()))
        sources = {**good_sources(), 'n.num_batches_tracked': counter}
        converted, dropped = match_tensors(sources, _TABLE, False, False)
        self.assertEqual(len(converted), 3)
        self.assertEqual(dropped, ['module.n.num_batches_tracked'])


class SafetensorsTest(unittest.TestCase):

    def test_bytes(self):
        converted, _ = match_tensors(good_sources(), _TABLE, False, False)
        content = format_safetensors(converted, {'z': '1', 'a': 'ä'})
        header = ('{"__metadata__":{"a":"ä","z":"1"},'
                  '"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
                  '"n.running_mean":{"dtype":"F32","shape":[2],'
                  '"data_offsets":[8,16]},'
                  '"w":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]}}'
                  ).encode()
        padded = header + b' ' * (-len(header) % 8)
        self.assertEqual(
            content,
            struct.pack('<Q', len(padded)) + padded +
            struct.pack('<8f', 5, 6, 0.5, 0.25, 1, 2, 3, 4))


class WriteFilesTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def content(self, name: str) -> bytes:
        with open(self.path(name), 'rb') as stream:
            return stream.read()

    def test_never_overwrites_unless_told(self):
        first = [(self.path('r'), b'1'), (self.path('w'), b'2')]
        write_files(first, False)
        with self.assertRaisesRegex(WeightsError, 'already there'):
            write_files([(self.path('r'), b'3')], False)
        self.assertEqual(self.content('r'), b'1')
        write_files([(self.path('r'), b'3')], True)
        self.assertEqual(self.content('r'), b'3')
        self.assertEqual(sorted(os.listdir(self.folder)), ['r', 'w'])

    def test_all_or_none(self):
        write_files([(self.path('w'), b'old')], False)
        with self.assertRaises(WeightsError):
            write_files([(self.path('r'), b'1'), (self.path('w'), b'2')], False)
        self.assertEqual(os.listdir(self.folder), ['w'])
        self.assertEqual(self.content('w'), b'old')
        with self.assertRaisesRegex(WeightsError, 'cannot be written'):
            write_files([(self.path('r'), b'1'), (self.path('no/w'), b'2')],
                        True)
        self.assertEqual(os.listdir(self.folder), ['w'])

    def test_full_disk(self):
        full = OSError(28, 'No space left on device')
        with mock.patch('os.fsync', side_effect=full):
            with self.assertRaisesRegex(WeightsError, 'No space left'):
                write_files([(self.path('w'), b'1')], False)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == '__main__':
    unittest.main()
