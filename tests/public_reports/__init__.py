"""Situations that people who process pictures have reported in public, each as a test with the value that is right.

Each test names its report as owner/repository#number; docs/studies/faults.md has the table of them all.
"""
