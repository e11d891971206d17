"""The fuzzing of every reader: damaged and odd files by the thousand, each of which is read or refused in one sentence.

`python -m tests.fuzz N` (or `make fuzz N=…`) tries N files; `tests/fuzz/test_readers.py` tries some thousands in `make test`.
"""
