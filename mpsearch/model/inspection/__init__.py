"""Inspection of model files without Keras, by an allow-list.

A model file is untrusted: Keras builds objects from names in it, and HDF5 and zip both have ways
to make much out of little. Everything here knows numpy, h5py and the standard library only, and
runs in a child process (:mod:`~mpsearch.model.inspection.process`) with little memory and time.
"""
