"""The page to try it (``pydeblur serve``): a server of this machine that shows one page and deblurs the pictures given to it.

The server itself (:mod:`pydeblur.serve.app`) reads no picture. Whatever comes from a browser is kept as a file in a private
folder (:mod:`pydeblur.serve.storage`), and decoded in a process of its own (:mod:`pydeblur.serve.worker`) of bounded memory.
"""
