"""Request collapsing: while one visitor's request is on its way to the origin, the same requests wait for it.

A *flight* is one request to the origin and those who wait for its answer. When the answer may be
shared, all read one body as it arrives; when it may not (no-store, private), each goes alone.
Source: RFC 9111 section 4, "collapsed forwarding"; CloudFront, "Request collapsing".
"""

import asyncio


class Flight:
    """One request on its way. landed: a future of the Landing that it brought."""

    __slots__ = ("landed", "waiting")

    def __init__(self):
        self.landed = asyncio.get_running_loop().create_future()
        self.waiting = 0

    def land(self, landing):
        """Give the waiting what came; landing.entry is None when it may not be shared."""
        if not self.landed.done():
            self.landed.set_result(landing)


class Flights:
    """The flights now in the air, by (place, key)."""

    def __init__(self):
        self.by_key = {}

    def board(self, place, key):
        """Return (flight, whether the caller must fly it)."""
        flight = self.by_key.get((place, key))
        if flight is not None and not (flight.landed.done() and flight.landed.result() is None):
            flight.waiting += 1
            return flight, False
        flight = self.by_key[place, key] = Flight()
        return flight, True

    def over(self, place, key, flight):
        """Forget a flight when its last byte is there or it was lost; the lost send their passengers on their own way."""
        if self.by_key.get((place, key)) is flight:
            del self.by_key[place, key]
        flight.land(None)
