"""Thousands of damaged files of every kind: WeightsError or a result, within
little memory, and nothing else.

With BILD_FUZZ_SECONDS=N in the environment each loop goes on for N seconds, from
a seed that is new in every run, with more damage to a file, and no file may
take more than ten of them:

  BILD_FUZZ_SECONDS=100 PYTHONPATH=. python3 \
    tests/backbones/foreign_weights/mutated_files_test.py [-k caffe]
"""

from __future__ import annotations

import os
import random
import resource
import signal
import struct
import sys
import time
import unittest
from typing import Callable, List

from backbones.foreign_weights.caffe_file import read_caffe_file
from backbones.foreign_weights.matlab_file import read_matlab_file
from backbones.foreign_weights.published_layouts import (aodnet_from_caffe,
                                                         dehazenet_from_matlab)
from backbones.foreign_weights.state_dict import (find_state_dict,
                                                  strip_prefixes)
from backbones.foreign_weights.strict_match import match_tensors
from backbones.foreign_weights.tensor_table import parse_tensor_table
from backbones.foreign_weights.torch_file import read_torch_file
from backbones.foreign_weights.weights_error import WeightsError
from tests.backbones.foreign_weights import torch_writers
from tests.backbones.foreign_weights.other_writers import (MATLAB_HEADER, blob,
                                                           compressed, layer,
                                                           old_blob, old_layer,
                                                           variable)
from tests.backbones.foreign_weights.torch_writers import Written, floats

_ROUNDS = 15_000
_FUZZ_SECONDS = float(os.environ.get('BILD_FUZZ_SECONDS', '0'))
_LONGEST_SECONDS = 10
_MEMORY_BYTES = 512 * 2**20

_TABLE = parse_tensor_table('# backbone=toy\nparameter\tw\t2x3\n'
                            'parameter\tb\t2\n')
# Numbers that readers get wrong, as bytes of every width.
_NUMBERS = [
    number.to_bytes(width, 'little') for width in (1, 2, 4, 8)
    for number in (0, 1, 2**(8 * width - 1) - 1, 2**(8 * width - 1),
                   2**(8 * width) - 1)
]
_OPCODES = [b'R', b'b', b'Q', b'(', b't', b'\x93', b'u', b'h\x00', b'0', b'2',
            b'c__builtin__\neval\n', b'\x8b\xff\xff\xff\x7f', b'.']


def read_torch(content: bytes) -> None:
    state, _ = find_state_dict(read_torch_file(content)[0], '')
    old_names, _ = strip_prefixes(list(state))
    match_tensors({new: (old, state[old]) for new, old in old_names.items()},
                  _TABLE, True, True)


def read_caffe(content: bytes) -> None:
    match_tensors(aodnet_from_caffe(read_caffe_file(content), 'bgr'), _TABLE,
                  True, True)


def read_matlab(content: bytes) -> None:
    match_tensors(dehazenet_from_matlab(read_matlab_file(content)), _TABLE,
                  True, True)


def mutate(draws: random.Random, seeds: List[bytes], most: int = 4) -> bytes:
    content = bytearray(draws.choice(seeds))
    for _ in range(draws.randint(1, most)):
        place = draws.randrange(len(content) + 1)
        kind = draws.randrange(6)
        if kind == 0 and place < len(content):
            content[place] ^= 1 << draws.randrange(8)
        elif kind == 1:
            number = draws.choice(_NUMBERS)
            content[place:place + len(number)] = number
        elif kind == 2:
            del content[place:place + draws.randint(1, 30)]
        elif kind == 3:
            content[place:place] = draws.choice(_OPCODES)
        elif kind == 4:
            begin = draws.randrange(len(content) + 1)
            content[place:place] = content[begin:begin + draws.randint(1, 60)]
        else:
            del content[place:]
    return bytes(content)


class MutatedFilesTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        # A length that is believed would be a MemoryError, not a slow machine.
        with open('/proc/self/statm', encoding='ascii') as stream:
            pages = int(stream.read().split()[0])
        limit = pages * resource.getpagesize() + _MEMORY_BYTES
        cls.before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit, cls.before[1]))

    @classmethod
    def tearDownClass(cls):
        resource.setrlimit(resource.RLIMIT_AS, cls.before)

    def run_rounds(self, seeds: List[bytes], read: Callable[[bytes],
                                                            None]) -> None:
        if _FUZZ_SECONDS > 0:
            self.fuzz(seeds, read)
            return
        draws = random.Random(20201124)
        refused = sum(
            self.is_refused(mutate(draws, seeds), read) for _ in range(_ROUNDS))
        # Some mutations change values or names alone, or nothing.
        self.assertGreater(refused, _ROUNDS // 2)

    def fuzz(self, seeds: List[bytes], read: Callable[[bytes], None]) -> None:
        draws = random.Random()
        end = time.monotonic() + _FUZZ_SECONDS
        rounds = refused = 0

        def too_long(*_: object) -> None:
            raise TimeoutError(f'more than {_LONGEST_SECONDS} s')

        before = signal.signal(signal.SIGALRM, too_long)
        try:
            while time.monotonic() < end:
                content = mutate(draws, seeds, most=12)
                signal.alarm(_LONGEST_SECONDS)
                refused += self.is_refused(content, read)
                rounds += 1
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
        print(f'{self.id()}: {rounds} files, {refused} refused',
              file=sys.stderr)

    @staticmethod
    def is_refused(content: bytes, read: Callable[[bytes], None]) -> bool:
        try:
            read(content)
        except WeightsError:
            return True
        except Exception as error:
            error.add_note(repr(content))
            raise
        return False

    def test_torch_files(self):
        tensors = {
            'module.w': Written(struct.pack('<6f', *range(6)), (2, 3),
                                strides=(1, 2)),
            'module.b': floats([1, 2], (2,)),
        }
        for write in (torch_writers.zip_file, torch_writers.legacy_file):
            seeds = [write(tensors), write(tensors, 'model')]
            for seed in seeds:
                read_torch(seed)
            self.run_rounds(seeds, read_torch)

    def test_pickles_within_an_intact_archive(self):
        tensor = floats(range(6), (2, 3))
        pickles = [torch_writers.state_pickle({'w': tensor}, False)]

        def read(content: bytes) -> None:
            read_torch(
                torch_writers.archive([('a/data.pkl', content),
                                       ('a/data/9400', tensor.data)]))

        self.run_rounds(pickles, read)

    def test_caffe_files(self):
        self.run_rounds([
            layer('conv1', blob(range(6), (2, 3, 1, 1)), blob([1, 2], (2,))),
            old_layer('conv5', old_blob(range(6), (3, 2, 1, 1)),
                      old_blob([1, 2, 3], (1, 1, 1, 3)))
        ], read_caffe)

    def test_matlab_files(self):
        one = variable('weights_ip', (2, 3), struct.pack('<6f', *range(6)))
        two = variable('biases_ip', (1, 1), struct.pack('<f', 1))
        self.run_rounds(
            [MATLAB_HEADER + one + two,
             MATLAB_HEADER + compressed(one) + compressed(two)], read_matlab)

        def read(content: bytes) -> None:
            read_matlab(MATLAB_HEADER + compressed(content))

        self.run_rounds([one], read)


if __name__ == '__main__':
    unittest.main()
