"""Grade many folders in one session of pytest: python tests/judge/many.py

It reads JSON, for each folder its files that are judged and its time limit. The last line that it prints is JSON, too:
for each folder and task the number of tests, of those passed, and the sentences on the others.
"""
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from grade import QUIET, SETTINGS  # noqa: E402
from judge.grader import GRADED, ROOT, TASKS, Grader  # noqa: E402


class ManyGrader(Grader):
    """Judges each folder by the tests of its files. Whole runs of main.py and fits to all of the mouse are left out."""

    def __init__(self, table):
        super().__init__(Path())
        self.table = {Path(folder): entry for folder, entry in table.items()}

    def limit(self, folder):
        return self.table[folder]['limit']

    def key(self, item):
        return item.callspec.params['folder'], super().key(item)[1]

    def pytest_generate_tests(self, metafunc):
        if 'folder' in metafunc.fixturenames:
            own = metafunc.module.__name__[5:] + '.py'  # test_em judges em.py; the others more than one file
            folders = [folder for folder, entry in self.table.items()
                       if own not in ('k_means.py', 'em.py') or own in entry['files']]
            metafunc.parametrize('folder', folders, ids=[folder.name for folder in folders], scope='session')

    def pytest_collection_modifyitems(self, items):
        super().pytest_collection_modifyitems(items)
        items[:] = [item for item in items if self.concerns(item, *self.key(item))]

    def concerns(self, item, folder, task):
        files = self.table[folder]['files']
        if item.module.__name__ == 'test_interface':
            return item.callspec.params['name'] in files
        if item.module.__name__ == 'test_main':
            return ('utils.py' if task == 'utils' else 'main.py') in files and 'whole_run' not in item.fixturenames
        return 'mouse' not in item.fixturenames


if __name__ == '__main__':
    grader = ManyGrader(json.load(sys.stdin))
    pytest.main([*SETTINGS, *QUIET, *(str(ROOT / 'tests' / name) for name in GRADED)], plugins=[grader])
    print(json.dumps({str(folder): {
        task: (grader.every[folder, task], grader.passed[folder, task], list(grader.sentences[folder, task]))
        for task in TASKS} for folder in grader.table}))
