"""Data for distilgliner: the bundled GLiNER teacher, the quickstart's corpus, the general student.

`checkpoint/` is a GLiNER checkpoint, `corpus/` the labelled and unlabelled sentences of the
quickstart, `general/` the general student as it was trained. `distilgliner.bundled` finds them.
"""
