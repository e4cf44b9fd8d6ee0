"""convert_weights from its command line to its files."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import math
import os
import random
import struct
import tempfile
import unittest
from typing import Dict, List, Tuple
from unittest import mock

from backbones import convert_weights
from tests.backbones.foreign_weights import torch_writers
from tests.backbones.foreign_weights.other_writers import blob, layer
from tests.backbones.foreign_weights.torch_writers import (Written, floats,
                                                           legacy_file,
                                                           zip_file)

# AOD-Net as its paper has it: output and input channels, kernel edge.
_LAYERS = ((3, 3, 1), (3, 3, 3), (3, 6, 5), (3, 6, 7), (3, 12, 3))


def aodnet_values() -> Dict[str, Tuple[List[float], Tuple[int, ...]]]:
    draws = random.Random(7)
    values = {}
    for number, (outputs, inputs, edge) in enumerate(_LAYERS, 1):
        for part, shape in (('weight', (outputs, inputs, edge, edge)),
                            ('bias', (outputs,))):
            # Multiples of 1/64, which every type below holds exactly.
            numbers = [
                draws.randrange(-64, 65) / 64 for _ in range(math.prod(shape))
            ]
            values[f'e_conv{number}.{part}'] = (numbers, shape)
    return values


def aodnet(prefix: str = '') -> Dict[str, Written]:
    return {
        prefix + name: floats(numbers, shape)
        for name, (numbers, shape) in aodnet_values().items()
    }


def read_safetensors(content: bytes):
    length, = struct.unpack('<Q', content[:8])
    header = json.loads(content[8:8 + length])
    metadata = header.pop('__metadata__')
    tensors = {}
    for name, entry in header.items():
        begin, end = entry['data_offsets']
        data = content[8 + length + begin:8 + length + end]
        tensors[name] = (list(struct.unpack(f'<{len(data) // 4}f', data)),
                         tuple(entry['shape']))
    return tensors, metadata


class ConvertWeightsTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        environment = mock.patch.dict(os.environ,
                                      {'BUILD_WORKING_DIRECTORY': self.folder})
        environment.start()
        self.addCleanup(environment.stop)
        # The program behind it takes half a second to start.
        cached = mock.patch.object(convert_weights, 'read_tensor_table',
                                   _TABLE_CACHE)
        cached.start()
        self.addCleanup(cached.stop)

    def write(self, name: str, content: bytes) -> None:
        with open(os.path.join(self.folder, name), 'wb') as stream:
            stream.write(content)

    def read(self, name: str) -> bytes:
        with open(os.path.join(self.folder, name), 'rb') as stream:
            return stream.read()

    def run_program(self, *arguments: str, backbone: str = 'aodnet',
                    source: str = 'in.pth', output: str = 'out.safetensors'):
        """Exit code, standard output and standard error."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = convert_weights.main([
                    f'--backbone={backbone}', f'--input={source}',
                    f'--output={output}', *arguments
                ])
            except SystemExit as stop:
                code = stop.code
        return code, out.getvalue(), err.getvalue()

    def converted(self, content: bytes, *arguments: str, source='in.pth'):
        self.write(source, content)
        code, _, err = self.run_program('--overwrite', *arguments,
                                        source=source)
        self.assertEqual(code, 0, err)
        tensors, _ = read_safetensors(self.read('out.safetensors'))
        return tensors, err

    def refused(self, *fragments: str, arguments=(), **options):
        before = sorted(os.listdir(self.folder))
        code, out, err = self.run_program(*arguments, **options)
        self.assertEqual((code, out), (1, ''), err)
        for fragment in fragments:
            self.assertIn(fragment, err)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_every_form_of_a_torch_file(self):
        for write in (zip_file, legacy_file):
            for prefix in ('', 'module.'):
                for entry in ('', 'state_dict', 'model'):
                    content = write(aodnet(prefix), entry,
                                    {'epoch': torch_writers.integer(9)})
                    tensors, err = self.converted(content)
                    self.assertEqual(tensors, aodnet_values())
                    self.assertEqual(f"took the entry '{entry}'" in err,
                                     bool(entry))
                    self.assertEqual("without 'module.'" in err, bool(prefix))

    def test_caffe_in_both_orders(self):
        content = b''
        for number in range(1, 6):
            weight, bias = (aodnet_values()[f'e_conv{number}.{part}']
                            for part in ('weight', 'bias'))
            content += layer(f'conv{number}', blob(*weight), blob(*bias))
        tensors, _ = self.converted(content, source='x.caffemodel')
        self.assertEqual(tensors, aodnet_values())
        tensors, _ = self.converted(content, '--channel_order=bgr',
                                    source='x.caffemodel')
        numbers = aodnet_values()['e_conv1.weight'][0]
        self.assertEqual(tensors['e_conv1.weight'][0], [
            numbers[3 * output + channel]
            for output in range(3) for channel in (2, 1, 0)
        ])
        self.assertEqual(tensors['e_conv5.bias'][0],
                         aodnet_values()['e_conv5.bias'][0][::-1])
        self.assertEqual(tensors['e_conv3.weight'],
                         aodnet_values()['e_conv3.weight'])

    def test_report_and_metadata(self):
        content = zip_file(aodnet('module.'), 'params')
        self.write('net_äö.pth', content)
        code, out, _ = self.run_program(source='net_äö.pth')
        self.assertEqual(code, 0)
        written = self.read('out.safetensors')
        source_sha256 = hashlib.sha256(content).hexdigest()
        _, metadata = read_safetensors(written)
        self.assertEqual(
            metadata, {
                'backbone': 'aodnet',
                'converter': 'convert_weights 1',
                'source_file': 'net_äö.pth',
                'source_sha256': source_sha256,
            })
        report = json.loads(self.read('out.safetensors.report.json'))
        self.assertEqual(
            report['source'], {
                'file': 'net_äö.pth',
                'bytes': len(content),
                'sha256': source_sha256,
                'format': 'PyTorch, ZIP archive',
                'entry': 'params',
                'key_map': "names as they are, without 'module.'",
            })
        self.assertEqual(report['output']['sha256'],
                         hashlib.sha256(written).hexdigest())
        self.assertEqual(len(report['tensors']), 10)
        first = report['tensors'][0]
        numbers, shape = aodnet_values()['e_conv1.weight']
        self.assertEqual(
            (first['old_name'], first['name'], first['shape'], first['dtype']),
            ('module.e_conv1.weight', 'e_conv1.weight', list(shape), 'F32'))
        self.assertEqual(first['sum'], sum(numbers))
        self.assertEqual(
            first['sha256'],
            hashlib.sha256(struct.pack('<9f', *numbers)).hexdigest())
        self.assertEqual(
            out, f'backbone=aodnet tensors=10 values=1761 '
            f'source_sha256={source_sha256} '
            f'sha256={hashlib.sha256(written).hexdigest()} '
            f'output={self.folder}/out.safetensors\n')

    def test_the_same_file_gives_the_same_bytes(self):
        self.converted(zip_file(aodnet()))
        first = (self.read('out.safetensors'),
                 self.read('out.safetensors.report.json'))
        self.converted(zip_file(aodnet()))
        self.assertEqual(first, (self.read('out.safetensors'),
                                 self.read('out.safetensors.report.json')))

    def test_other_types_need_cast(self):
        for dtype, form in (('F16', 'e'), ('F64', 'd')):
            tensors = {
                name: Written(struct.pack(f'<{len(numbers)}{form}', *numbers),
                              shape, dtype)
                for name, (numbers, shape) in aodnet_values().items()
            }
            content = zip_file(tensors)
            self.write('in.pth', content)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.folder, 'out.safetensors'))
                os.unlink(
                    os.path.join(self.folder, 'out.safetensors.report.json'))
            self.refused(f'10 of another type than F32:\n  e_conv1.weight is '
                         f'{dtype} (--cast converts it)')
            read, _ = self.converted(content, '--cast')
            self.assertEqual(read, aodnet_values())

    def test_what_does_not_match_is_listed(self):
        tensors = aodnet()
        del tensors['e_conv2.bias']
        tensors['head.weight'] = floats([1], (1,))
        tensors['e_conv4.bias'] = floats([1, 2], (2,))
        tensors['e_conv5.bias'] = floats([1, math.inf, math.nan], (3,))
        self.write('in.pth', legacy_file(tensors))
        self.refused("'in.pth'", '1 missing:\n  e_conv2.bias [3]',
                     '1 in the file, not in the net:\n  head.weight [1] F32',
                     'e_conv4.bias: expected [3], found [2]',
                     'e_conv5.bias: 2 of 3 values', 'Nothing was written')

    def test_weights_of_another_variant(self):
        self.write('in.pth', zip_file(aodnet()))
        self.refused('10 missing:', '10 in the file, not in the net:',
                     backbone='aodnet[variant=gunet]')

    def test_malicious_file(self):
        marker = os.path.join(self.folder, 'marker')
        attack = torch_writers.call(torch_writers.name('os', 'system'),
                                    torch_writers.text(f"touch '{marker}'"))
        for write in (zip_file, legacy_file):
            self.write('in.pth', write(aodnet(), 'model', {'x': attack}))
            self.refused("'os.system'", 'nothing of it was run')
            self.assertFalse(os.path.exists(marker))

    def test_a_whole_module_says_what_to_do(self):
        module = torch_writers.name('net.model', 'Dehaze')
        self.write('in.pth', zip_file(aodnet(), 'model', {'net': module}))
        self.refused("'net.model.Dehaze'", 'save the state_dict() alone')

    def test_never_overwrites_unless_told(self):
        self.write('in.pth', zip_file(aodnet()))
        for name in ('out.safetensors', 'out.safetensors.report.json'):
            self.write(name, b'mine')
            self.refused('already there', '--overwrite')
            self.assertEqual(self.read(name), b'mine')
            os.unlink(os.path.join(self.folder, name))

    def test_files_that_are_none_of_these(self):
        for content, fragment in (
            (b'', 'it is empty'), (b'hello, world', "begins with 'hello, w'"),
            (b'<!DOCTYPE html>', 'a web page'),
            (b'\x89HDF\r\n\x1a\n', 'HDF5'), (b'\x1f\x8b\x08', 'gzip'),
            (b'\x10' + b'\0' * 7 + b'{"a":1}', 'safetensors file already'),
            (b'name'.ljust(257, b'\0') + b'ustar', 'tar archive')):
            self.write('in.pth', content)
            self.refused(fragment)
        self.refused('cannot be read: No such file', source='none.pth')
        self.refused('found a folder', source='.')

    def test_other_formats_belong_to_one_net(self):
        self.write('x.caffemodel', layer('conv1', blob([1], (1,))))
        self.refused("for aodnet only; --backbone is 'ffa'",
                     source='x.caffemodel', backbone='ffa[dim=16,blocks=1]')
        self.write('x.mat', b'MATLAB 5.0 MAT-file'.ljust(124) + b'\0\1IM')
        self.refused("for dehazenet only; --backbone is 'aodnet'",
                     source='x.mat')

    def test_output_folder_is_missing(self):
        self.write('in.pth', zip_file(aodnet()))
        self.refused('cannot be written: No such file',
                     output='none/out.safetensors')

    def test_usage(self):
        self.write('in.pth', zip_file(aodnet()))
        self.write('x.caffemodel', layer('conv1', blob([1], (1,))))
        for options, fragment in (
            ({'backbone': 'nonet'}, "no net 'nonet'"),
            ({'backbone': 'ffa[blocks=x]'}, "option blocks='x'"),
            ({'output': 'out.pth'}, 'ends in .safetensors'),
            ({'arguments': ['--channel_order=bgr']}, 'for .caffemodel files'),
            ({'arguments': ['--channel_order=abc']}, 'invalid choice'),
            ({'arguments': ['--entry=x'], 'source': 'x.caffemodel'},
             'files of torch.save()'),
            ({'arguments': ['--nonsense']}, 'unrecognized arguments')):
            arguments = options.pop('arguments', [])
            code, out, err = self.run_program(*arguments, **options)
            self.assertEqual((code, out), (2, ''), err)
            self.assertIn(fragment, err)
        code, out, _ = self.run_program('--help')
        self.assertEqual(code, 0)
        self.assertIn('--channel_order', out)


_TABLE_CACHE = functools.lru_cache(convert_weights.read_tensor_table)

if __name__ == '__main__':
    unittest.main()
