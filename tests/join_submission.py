"""Lets `python -m pytest --submission DIR` be written with a blank, as well as with the sign =.

pytest decides where to look for tests and settings before it reads a conftest.py, and would look in
DIR: it does not know yet that DIR belongs to an option. So the two words are made one, and pytest
starts anew. That this file is loaded first is said in .submission.dist-info. The one case that
needs the sign = is a DIR with a pytest.ini that pytest refuses to read.
"""
import os
import subprocess
import sys

if '--submission' in sys.argv[1:-1]:
    at = sys.argv.index('--submission')
    joined = f'--submission={sys.argv[at + 1]}'
    done = subprocess.call([sys.executable, '-m', 'pytest', *sys.argv[1:at], joined, *sys.argv[at + 2:]])
    os._exit(done)  # at once: sys.exit would pass through pytest's start, with a warning
