"""smartcharge: a charging scheduler that has the car ready by departure, as cheaply as can be, and can say why."""

__version__ = "0.1.0"
