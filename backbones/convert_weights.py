"""Converts published weights to safetensors, strictly.

  bazel run //backbones:convert_weights -- --backbone=aodnet --input=x.pth
    --output=x.safetensors

Reads files of torch.save() in both formats, AOD-Net's .caffemodel and
DehazeNet's .mat, without PyTorch, Caffe or MATLAB, and without running anything
that a file asks for. docs/weights.md says what is refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import stat
import sys
from typing import Any, Dict, List, Tuple

from backbones.foreign_weights.atomic_files import refuse_existing, write_files
from backbones.foreign_weights.caffe_file import read_caffe_file
from backbones.foreign_weights.matlab_file import (MATLAB_START,
                                                   read_matlab_file)
from backbones.foreign_weights.published_layouts import (aodnet_from_caffe,
                                                         dehazenet_from_matlab)
from backbones.foreign_weights.safetensors_writer import format_safetensors
from backbones.foreign_weights.state_dict import (find_state_dict,
                                                  strip_prefixes)
from backbones.foreign_weights.strict_match import match_tensors
from backbones.foreign_weights.tensor_table import (TensorTable, UsageError,
                                                    read_tensor_table)
from backbones.foreign_weights.torch_file import (PICKLE_START, ZIP_START,
                                                  read_torch_file)
from backbones.foreign_weights.weights_error import WeightsError

_DONE, _WORLD_IS_WRONG, _USAGE = 0, 1, 2

# Part of every report: changes when the same file would give other tensors.
_CONVERTER = 'convert_weights 1'

_SUFFIX = '.safetensors'
_MAX_FILE_BYTES = 2**32

# What other files begin with, and what to do about them.
_HINTS = (
    (b'\x89HDF\r\n', 'it is an HDF5 file (MATLAB 7.3 writes such): save it '
     "again with save(..., '-v6')"),
    (b'\x1f\x8b', 'it is compressed by gzip: unpack it first'),
    (b'<', 'it is a web page: the download went wrong'),
)


def _parse(arguments: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='convert_weights', allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=__doc__)
    parser.add_argument('--backbone', required=True,
                        help='the net, as in aodnet or ffa[blocks=20]')
    parser.add_argument('--input', required=True,
                        help='.pth, .pkl, .pk or whatever torch.save() wrote; '
                        '.caffemodel; .mat')
    parser.add_argument('--output', required=True,
                        help='a .safetensors file; the report lies beside it')
    parser.add_argument('--entry', default='',
                        help='of a checkpoint with several state_dicts, the '
                        'one to take: model, nets.generator')
    parser.add_argument('--channel_order', default='rgb',
                        choices=('rgb', 'bgr'),
                        help="the colour order that a .caffemodel's net was "
                        'fed; bgr reverses the channels of its first and last '
                        'layer (default: rgb, nothing is moved)')
    parser.add_argument('--cast', action='store_true',
                        help='convert float16, bfloat16 and float64 to float32')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace the output and its report')
    parser.add_argument('--list_all', action='store_true',
                        help='list every tensor that does not match, not the '
                        'first ten of each kind')
    return parser.parse_args(arguments)


def _user_path(path: str) -> str:
    """`bazel run` starts programs in another folder than the user's."""
    folder = os.environ.get('BUILD_WORKING_DIRECTORY', '')
    return os.path.normpath(os.path.join(folder, path))


def _read_file(path: str) -> bytes:
    try:
        # A pipe or device could hang here or never end.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise WeightsError('expected a file, found a folder or device')
        size = os.stat(path).st_size
        if size > _MAX_FILE_BYTES:
            raise WeightsError(f'expected at most {_MAX_FILE_BYTES} bytes, '
                               f'found {size}')
        with open(path, 'rb') as stream:
            return stream.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise WeightsError(f'cannot be read: {error.strerror}') from error


def _read_sources(
    data: bytes, options: argparse.Namespace
) -> Tuple[Dict[str, Tuple[str, Any]], Dict[str, Any]]:
    """New name -> (old name, tensor), and how the file was read."""
    name = options.input.lower()
    is_torch = data.startswith((ZIP_START, PICKLE_START))
    is_caffe = not is_torch and name.endswith('.caffemodel')
    if options.entry and not is_torch:
        raise UsageError('--entry is for files of torch.save()')
    if options.channel_order != 'rgb' and not is_caffe:
        raise UsageError('--channel_order is for .caffemodel files')
    if is_torch:
        value, form = read_torch_file(data)
        state, entry = find_state_dict(value, options.entry)
        old_names, prefix = strip_prefixes(list(state))
        sources = {new: (old, state[old]) for new, old in old_names.items()}
        return sources, {
            'format': form,
            'entry': entry,
            'key_map': f"names as they are, without '{prefix}'"
                       if prefix else 'names as they are',
        }
    family = options.backbone.partition('[')[0]
    if data.startswith(MATLAB_START):
        _expect_family(family, 'dehazenet', 'A MATLAB file')
        return dehazenet_from_matlab(read_matlab_file(data)), {
            'format': 'MATLAB level 5',
            'key_map': 'DehazeNet: weights_* [in, rows + k*columns, out] to '
                       '[out, in, rows, columns]',
        }
    if is_caffe:
        _expect_family(family, 'aodnet', 'A .caffemodel file')
        return aodnet_from_caffe(
            read_caffe_file(data), options.channel_order), {
                'format': 'Caffe',
                'channel_order': options.channel_order,
                'key_map': 'AOD-Net: convN to e_convN',
            }
    raise _unknown_format(data)


def _expect_family(family: str, expected: str, what: str) -> None:
    if family != expected:
        raise WeightsError(f'{what} is known for {expected} only; --backbone '
                           f"is '{family}'")


def _unknown_format(data: bytes) -> WeightsError:
    hint = 'it begins with ' + repr(data[:8])[1:]
    if not data:
        hint = 'it is empty'
    elif data[257:262] == b'ustar':
        hint = ('it is a tar archive, as PyTorch before 0.1.10 wrote: save it '
                'again with a newer one')
    elif data[8:10] == b'{"':
        hint = 'it is a safetensors file already'
    for start, text in _HINTS:
        if data.startswith(start):
            hint = text
    return WeightsError('expected a file of torch.save(), a .caffemodel or a '
                        f'MATLAB .mat; {hint}')


def _source_name(path: str) -> str:
    """The file's own name, in UTF-8 whatever its bytes are."""
    return os.fsencode(os.path.basename(path)).decode('utf-8',
                                                      'backslashreplace')


def _report_bytes(report: Dict[str, Any]) -> bytes:
    """JSON with one line per entry, and one per tensor."""
    lines = []
    for key, value in report.items():
        text = json.dumps(value, ensure_ascii=False)
        if key == 'tensors':
            rows = (json.dumps(row, ensure_ascii=False) for row in value)
            text = '[\n  ' + ',\n  '.join(rows) + '\n ]'
        lines.append(f' {json.dumps(key)}: {text}')
    joined = '{\n' + ',\n'.join(lines) + '\n}\n'
    return joined.encode('utf-8', 'backslashreplace')


def _convert(options: argparse.Namespace, table: TensorTable) -> str:
    """Writes the two files; the line that sums up what was done."""
    source, output = _user_path(options.input), _user_path(options.output)
    report_path = output + '.report.json'
    if not options.overwrite:
        refuse_existing([output, report_path])
    try:
        data = _read_file(source)
        sources, how = _read_sources(data, options)
        tensors, dropped = match_tensors(sources, table, options.cast,
                                         options.list_all)
    except WeightsError as error:
        raise WeightsError(f"'{options.input}': {error}") from error
    source_sha256 = hashlib.sha256(data).hexdigest()
    content = format_safetensors(
        tensors, {
            'backbone': table.backbone,
            'converter': _CONVERTER,
            'source_file': _source_name(source),
            'source_sha256': source_sha256,
        })
    output_sha256 = hashlib.sha256(content).hexdigest()
    report = {
        'converter': _CONVERTER,
        'backbone': table.backbone,
        'source': {
            'file': _source_name(source),
            'bytes': len(data),
            'sha256': source_sha256,
            **how,
        },
        'output': {
            'file': _source_name(output),
            'bytes': len(content),
            'sha256': output_sha256,
        },
        'dropped': dropped,
        'tensors': [tensor.report() for tensor in tensors],
    }
    # The weights come last: they never lie there without their report.
    write_files([(report_path, _report_bytes(report)), (output, content)],
                options.overwrite)
    if how.get('entry'):
        print(f"convert_weights: took the entry '{how['entry']}'",
              file=sys.stderr)
    print(f"convert_weights: {how['format']}; {how['key_map']}",
          file=sys.stderr)
    if dropped:
        print(f'convert_weights: left out {len(dropped)} batch counters of '
              'batch norm', file=sys.stderr)
    values = sum(len(tensor.data) // 4 for tensor in tensors)
    return (f'backbone={table.backbone} tensors={len(tensors)} '
            f'values={values} source_sha256={source_sha256} '
            f'sha256={output_sha256} output={output}')


def main(arguments: List[str]) -> int:
    options = _parse(arguments)
    try:
        if not options.output.endswith(_SUFFIX):
            raise UsageError(f"--output='{options.output}': expected a name "
                             f'that ends in {_SUFFIX}')
        summary = _convert(options, read_tensor_table(options.backbone))
    except UsageError as error:
        print(f'convert_weights: {error}\n--help lists the flags.',
              file=sys.stderr)
        return _USAGE
    except WeightsError as error:
        print(f'convert_weights: {error}', file=sys.stderr)
        return _WORLD_IS_WRONG
    print(summary)
    return _DONE


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
