from __future__ import annotations

import contextlib
import threading

from kplay.transport.uplink import Uplink


def test_the_earliest_in_the_graph_goes_first():
    uplink, order, ready = Uplink(), [], threading.Barrier(4)

    def send(priority):
        ready.wait(5)
        with uplink.turn(priority):
            order.append(priority)

    with uplink.turn((0,)):
        threads = [threading.Thread(target=send, args=(p,)) for p in [(3, 1), (1, 7), (1, 2)]]
        for thread in threads:
            thread.start()
        ready.wait(5)
        while len(uplink._waiting) < 3:
            pass
    for thread in threads:
        thread.join(5)
    assert order == [(1, 2), (1, 7), (3, 1)]


def test_a_sender_that_fails_gives_its_turn_back():
    uplink = Uplink()
    with contextlib.suppress(ZeroDivisionError), uplink.turn((1,)):
        _ = 1 // 0
    taken = False
    with uplink.turn((2,)):
        taken = True
    assert taken
