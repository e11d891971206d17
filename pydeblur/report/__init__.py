"""One self-contained HTML page about one result, and the parts that it is made of.

:func:`~pydeblur.report.page.write_report` writes the page; every section is made by a module of its own and can stand on another
page, together with the style sheet and the script of :mod:`pydeblur.report.page`.
"""
