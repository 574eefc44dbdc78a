"""Ways to tell a driver something away from the page."""
