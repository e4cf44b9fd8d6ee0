"""The table that convert_weights goes by, against the golden vectors' own lists
of names and shapes, for every net that has one and every option."""

from __future__ import annotations

import json
import pathlib
import unittest

from backbones.foreign_weights.tensor_table import (UsageError,
                                                    read_tensor_table)

_GOLDEN = pathlib.Path('tests/golden/backbones')
_BUFFERS = ('bn_mean', 'bn_var')


class TensorTableTest(unittest.TestCase):

    def test_golden_names_and_shapes(self):
        lists = sorted(_GOLDEN.glob('*.params.tsv'))
        self.assertGreaterEqual(len(lists), 2)
        for path in lists:
            stem = path.name[:-len('.params.tsv')]
            net = json.loads((_GOLDEN / f'{stem}.json').read_text())['net']
            header, *rows = path.read_text().splitlines()
            columns = header.split('\t')
            expected = []
            for row in rows:
                values = dict(zip(columns, row.split('\t')))
                kind = ('buffer' if values['kind'] in _BUFFERS else 'parameter')
                shape = tuple(int(n) for n in values['shape'].split('x'))
                expected.append((kind, values['name'], shape))
            table = read_tensor_table(net)
            self.assertEqual(table.backbone, net)
            self.assertEqual([(one.kind, one.name, one.shape)
                              for one in table.tensors], expected, stem)

    def test_options(self):
        table = read_tensor_table('ffa[blocks=2,dim=16]')
        self.assertEqual(table.backbone, 'ffa[dim=16,blocks=2]')
        shapes = {one.name: one.shape for one in table.tensors}
        self.assertEqual(shapes['g3.gp.1.conv2.weight'], (16, 16, 3, 3))
        self.assertNotIn('g3.gp.3.conv2.weight', shapes)

    def test_unknown_nets(self):
        with self.assertRaisesRegex(UsageError, "no net 'nonet'.*aodnet"):
            read_tensor_table('nonet')
        with self.assertRaisesRegex(UsageError, "unknown option 'x'"):
            read_tensor_table('aodnet[x=1]')


if __name__ == '__main__':
    unittest.main()
