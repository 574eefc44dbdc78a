"""The thinking room: what a car needs, the cheapest way to get it, and how to say so. Pure; numbers in, values out."""
