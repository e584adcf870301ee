"""Texts that the language model learns from, and the program that makes agent/data/model/intent.bin of them."""
