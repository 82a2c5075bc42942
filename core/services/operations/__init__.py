"""The installation itself: health, restores."""
