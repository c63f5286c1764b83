"""Descriptions of models that Keras 2 wrote, put into Keras 3's terms.

Keras 3 refuses settings that it no longer has, whatever their value, and reads some in another
sense. Here what says nothing is left out, what Keras 3 has under another name is renamed, and what
Keras 3 cannot compute is refused by layer, setting and value. The result is a description as Keras
3 writes it, which the allow-list is then held against.
"""
