"""Derivatives are taken in a process whose death is survived.

TensorFlow's backward passes are the part of it that crashes: they run code per shape that few
people have run before. A crash there must neither end a search nor damage its measurements.

``spare.py`` is a process that has imported TensorFlow and computed nothing; it forks those that
compute. ``child.py`` is one of these, ``remote.py`` is what asks it, ``wire.py`` what they say.
"""
