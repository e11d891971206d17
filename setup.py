"""Everything is declared in setup.cfg, but for the package list: weights/ is installed as pydeblur.weights."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["pydeblur", "pydeblur.*"]), "pydeblur.weights"])
