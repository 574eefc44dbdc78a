"""
Turning the ring: who is due, what a look at the car means, what to tell it, and how sure we are that it listened.

`decide`, `observe`, `calm` and `due` are pure. `cycle` turns one vehicle's ring, `commands` speaks to the car, `sweep` finds
who is due, `heartbeat` (APScheduler) only wakes the sweep: losing it loses time, never a fact.
"""
