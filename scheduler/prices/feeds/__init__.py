"""One small file per feed: its settings, the requests it wants, and a pure parser. `fetch.py` is the one that does HTTP."""
