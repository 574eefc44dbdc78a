"""The nouns of the house: pure values of time, money and energy. Standard library only; no clock, no I/O, no log."""
