"""The restricted unpickler: what it reads, and that it runs nothing."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tempfile
import unittest
from unittest import mock

from backbones.foreign_weights import pickle_machine
from backbones.foreign_weights.pickle_machine import Inert, run_pickle
from backbones.foreign_weights.torch_names import TORCH_NAMES
from backbones.foreign_weights.weights_error import WeightsError
from tests.backbones.foreign_weights.torch_writers import (call, dictionary,
                                                           integer, name,
                                                           sequence, text)


def run(data: bytes):
    """With the names of PyTorch's files, and persistent ids as they are."""
    return run_pickle(io.BytesIO(data), TORCH_NAMES, lambda value: (value,))


class ReadsDataTest(unittest.TestCase):

    def test_reads_what_python_writes(self):
        value = {
            'epoch': 17, 'big': 2**70, 'negative': -5, 'loss': 0.125,
            'best': None, 'done': True, 'name': 'näme', 'empty': [(), [], {}],
            'history': [float(step) for step in range(2000)],
            'pair': (1, 2), 'triple': (1, 2, 3), 'four': (1, 2, 3, 4),
            'steps': {0: 'a', 1000: 'b'}
        }
        for protocol in (2, 3, 4, 5):
            self.assertEqual(run(pickle.dumps(value, protocol)), value)

    def test_reads_ordered_dictionary_of_python_2(self):
        pair = b'](U\x01aK\x07e'
        data = b'\x80\x02' + call(name('collections', 'OrderedDict'),
                                  b'](' + pair + b'e') + b'.'
        self.assertEqual(run(data), {'a': 7})

    def test_numpy_numbers_become_inert(self):
        dtype = call(name('numpy', 'dtype'), text('f8'), integer(0),
                     integer(1)) + sequence(integer(3), text('<'), b'N') + b'b'
        raw = call(name('_codecs', 'encode'), text('12345678'), text('latin1'))
        scalar = call(name('numpy.core.multiarray', 'scalar'), dtype, raw)
        value = run(b'\x80\x02' + dictionary({'psnr': scalar}) + b'.')
        self.assertEqual(value,
                         {'psnr': Inert('numpy.core.multiarray.scalar')})

    def test_state_of_a_dictionary_is_dropped(self):
        data = b'\x80\x02' + dictionary({'a': integer(1)}) + dictionary(
            {'_metadata': integer(2)}) + b'b.'
        self.assertEqual(run(data), {'a': 1})

    def test_stops_behind_the_first_pickle(self):
        stream = io.BytesIO(b'\x80\x02K\x01.\x80\x02K\x02.')
        self.assertEqual(run_pickle(stream, {}, None), 1)
        self.assertEqual(stream.tell(), 5)
        self.assertEqual(run_pickle(stream, {}, None), 2)


class RunsNothingTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.marker = os.path.join(folder.name, 'marker')

    def refused(self, data: bytes, fragment: str):
        with self.assertRaises(WeightsError) as caught:
            run(data)
        self.assertIn(fragment, str(caught.exception))
        self.assertFalse(os.path.exists(self.marker))

    def system_call(self) -> bytes:
        return call(name('os', 'system'), text(f"touch '{self.marker}'"))

    def test_the_pickle_of_the_next_test_is_malicious(self):
        pickle.loads(b'\x80\x02' + self.system_call() + b'.')
        self.assertTrue(os.path.exists(self.marker))

    def test_system_call(self):
        self.refused(b'\x80\x02' + self.system_call() + b'.', "'os.system'")

    def test_system_call_among_weights(self):
        data = dictionary({'conv.weight': integer(1), 'x': self.system_call()})
        self.refused(b'\x80\x02' + data + b'.', "'os.system'")

    def test_names_put_together_on_the_stack(self):
        program = text(f"open('{self.marker}', 'w')")
        for protocol in (b'\x80\x04', b'\x80\x02'):
            self.refused(
                protocol + text('builtins') + text('eval') + b'\x93' + program +
                b'\x85R.', "'builtins.eval'")

    def test_names_from_the_memo(self):
        self.refused(
            b'\x80\x04' + text('posix') + b'\x94' + text('system') +
            b'\x940h\x00h\x01\x93' + text('true') + b'\x85R.', 'opcode POP')
        self.refused(
            b'\x80\x04(' + text('posix') + b'\x94' + text('system') +
            b'\x94h\x00h\x01\x93' + text('true') + b'\x85Rt.',
            "'posix.system'")

    def test_every_problem_is_listed(self):
        data = (b'\x80\x02(' + name('os', 'system') +
                name('builtins', 'getattr') + b'i__main__\nX\nt.')
        with self.assertRaises(WeightsError) as caught:
            run(data)
        for fragment in ("'os.system'", "'builtins.getattr'", 'opcode INST',
                         'nothing of it was run', 'state_dict()'):
            self.assertIn(fragment, str(caught.exception))

    def test_nested_calls(self):
        inner = call(name('builtins', 'getattr'),
                     name('torch', 'FloatStorage'), text('__class__'))
        self.refused(b'\x80\x02' + inner + b')R.', "'builtins.getattr'")
        # The result of an allowed call is no function.
        self.refused(
            b'\x80\x02' + call(name('torch', 'Size'), b')') + b')R.',
            'calls something that is no function')
        self.refused(b'\x80\x02' + name('torch', 'FloatStorage') + b')R.',
                     'calls something that is no function')
        self.refused(b'\x80\x02' + text('os.system') + b')R.',
                     'calls something that is no function')

    def test_opcodes_that_make_objects(self):
        for opcode, shown in ((b'(' + name('collections', 'OrderedDict') +
                               b'o', 'OBJ'),
                              (b'(icollections\nOrderedDict\n', 'INST'),
                              (name('collections', 'OrderedDict') + b')\x81',
                               'NEWOBJ'),
                              (name('collections', 'OrderedDict') + b')}\x92',
                               'NEWOBJ_EX'), (b'\x82\x01', 'EXT1'),
                              (b'\x83\x01\x00', 'EXT2'),
                              (b'\x84\x01\x00\x00\x00', 'EXT4'),
                              (b'Pstorage\n', 'PERSID'), (b'N2', 'DUP'),
                              (b'\x97', 'NEXT_BUFFER'),
                              (b'\x8f', 'EMPTY_SET')):
            self.refused(b'\x80\x04' + opcode + b'.', f'opcode {shown}')

    def test_state_is_not_set(self):
        state = dictionary({'__setstate__': name('torch', 'Size'),
                            'make': text('x')})
        for target in (name('torch._utils', '_rebuild_tensor_v2'), b']', b')',
                       text('x')):
            self.refused(b'\x80\x02' + target + state + b'b.',
                         'sets the state of something')

    def test_attributes_of_allowed_names(self):
        for module, attribute in (('collections', 'OrderedDict.fromkeys'),
                                  ('torch', 'load'), ('torch', 'hub.load'),
                                  ('torch.serialization', 'load'),
                                  ('collections OrderedDict', 'x'),
                                  ('', 'collections.OrderedDict')):
            self.refused(b'\x80\x02' + name(module, attribute) + b'.',
                         'also asks for')

    def test_wrong_arguments(self):
        for data, fragment in (
            (name('collections', 'OrderedDict') + b']R', 'without a tuple'),
            (call(name('collections', 'OrderedDict'), text('ab')),
             'no list of pairs'),
            (call(name('torch._utils', '_rebuild_tensor_v2')),
             'with 0 arguments'),
            (call(name('torch._utils', '_rebuild_tensor_v2'), text('s'),
                  integer(0), b')', b')'), 'without a storage'),
            (call(name('torch._utils', '_rebuild_parameter'), b']', b'\x89',
                  b'N'), 'without a tensor'),
            (call(name('torch', 'Size'), integer(3)), 'no tuple')):
            self.refused(b'\x80\x02' + data + b'.', fragment)


class DamagedTest(unittest.TestCase):

    def refused(self, data: bytes, fragment: str):
        with self.assertRaises(WeightsError) as caught:
            run(data)
        self.assertIn(fragment, str(caught.exception))

    def test_claims_of_length(self):
        for data in (b'X\xff\xff\xff\x7fab', b'X\xff\xff\xff\xffab',
                     b'\x8d' + struct.pack('<Q', 2**62),
                     b'B\xff\xff\xff\x7f', b'\x8e' + struct.pack('<Q', 2**63),
                     b'\x8b\xff\xff\xff\x7f\x01', b'\x8b\xff\xff\xff\xff\x01',
                     b'T\xff\xff\xff\x7f', b'\x96' + struct.pack('<Q', 2**62)):
            self.refused(b'\x80\x04' + data + b'.', 'the pickle is damaged')

    def test_integers_of_many_bits(self):
        self.refused(b'\x80\x02\x8a\xff' + b'\x7f' * 255 + b'.',
                     'an integer of 2039 bits')
        self.refused(b'\x80\x02I' + b'9' * 5000 + b'\n.', 'damaged')

    def test_stack_and_memo(self):
        for data in (b't', b'e', b'u', b'R', b'b', b'Q', b'\x87', b'a', b's',
                     b'h\x05', b'j\xff\xff\xff\x7f', b'q\x00', b'K\x01\x86',
                     b'\x93'):
            self.refused(b'\x80\x02' + data + b'.', 'takes values')
        self.refused(b'\x80\x02K\x01K\x02.', 'expected one value')
        self.refused(b'\x80\x02.', 'expected one value')
        self.refused(b'\x80\x02(K\x01.', 'expected one value')
        self.refused(b'\x80\x02K\x01K\x02a.', 'no list')
        self.refused(b'\x80\x02](K\x01K\x02u.', 'no dictionary')
        self.refused(b'\x80\x02}(K\x01u.', 'no dictionary')

    def test_keys(self):
        self.refused(b'\x80\x02}(' + (text('a') + integer(1)) * 2 + b'u.',
                     "the key 'a' twice")
        self.refused(b'\x80\x02})K\x01s.', 'neither text nor integers')
        self.refused(b'\x80\x02}]K\x01s.', 'neither text nor integers')

    def test_a_list_may_hold_itself(self):
        value = run(b'\x80\x02]q\x00h\x00a.')
        self.assertIs(value[0], value)

    def test_depth_is_no_recursion(self):
        value = run(b'\x80\x02N' + b'\x85' * 100000 + b'.')
        for _ in range(100000):
            value, = value
        self.assertIsNone(value)

    def test_number_of_opcodes(self):
        with mock.patch.object(pickle_machine, '_MAX_OPCODES', 5):
            self.refused(b'\x80\x02](NNNNe.', 'at most 5 opcodes')

    def test_cut_anywhere(self):
        data = pickle.dumps({'a': [1, 2.5, 'text', None, (1, 2)]}, 2)
        for length in range(len(data)):
            self.refused(data[:length], 'damaged')

    def test_odd_text(self):
        for data in (b'cos\n\xff\xfe\n', b'X\x02\x00\x00\x00\xff\xfe',
                     b'\x00', b'\xff', b'S\'\\xzz\'\n'):
            self.refused(b'\x80\x02' + data + b'.', 'pickle')


if __name__ == '__main__':
    unittest.main()
