"""Grade a submission: python tests/grade.py DIR [options of pytest]

The four files in DIR are copied and judged by the graded tests, in words; a table counts the tests passed, task by
task. Options: -v says more, --time-limit=SECONDS for each test, --junitxml=FILE writes a file for a course platform.
The exit status is 0 where all passed, 1 where not, 2 where nothing was graded.
"""
import sys
from pathlib import Path

import pytest

from judge.grader import FILES, GRADED, ROOT, Grader

SETTINGS = '-c', str(ROOT / 'pytest.ini'), '--rootdir', str(ROOT), '-p', 'no:cacheprovider', '-rN', '--no-header'
QUIET = '-q', '--tb=no', '-o', 'console_output_style=classic'


def main(directory='', *options):
    folder = Path(directory).resolve()
    if not directory.strip() or not folder.is_dir():
        print(f'DIR is the folder to grade, and comes first: there is no folder {directory!r}\n\n{__doc__}')
        return 2
    if not any((folder / name).is_file() for name in FILES):
        print(f'{folder} has none of the files {", ".join(FILES)}')
        return 2
    quiet = () if {'-v', '-vv', '--verbose'}.intersection(options) else QUIET
    tests = [str(ROOT / 'tests' / name) for name in GRADED]
    code = pytest.main([*SETTINGS, *quiet, *options, *tests], plugins=[Grader(folder)])
    return code if code in (0, 1) else 2


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
