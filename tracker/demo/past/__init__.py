"""The demo shop's past: some hundred people who come, buy, wait, write, return and recommend, on an agenda in order of time.

    rhythm.py markets.py people.py ways.py shelf.py    the vocabulary: when, for how much, who, from where, what
    world.py        the agenda, the people known, the orders, and the way through the door
    session.py      one session in a browser
    journeys.py     strangers: from a bounce to an order after weeks
    ordering.py     from the cart to the parcel at the door
    afterwards.py   what follows an order
    regulars.py     customers from before, their rhythms, and winning them back
    mails.py        newsletters and all other mail
    counter.py      phone, till, fair: without a browser
    crawlers.py     machines that read the shop
    books.py        what the shop's own books say: orders, advertisements, exchange rates

A step is a function (world, at, …) that does what happens at an instant and puts what follows on the agenda, so that everybody
knows at any instant what they knew then.  To add a kind of journey: a step and its row in journeys.JOURNEYS; something that
follows an order: a step and its row in afterwards.AFTERWARDS; a way of arriving: a row of ways.WAYS; a machine that reads: a
row of crawlers.MACHINES.
"""
