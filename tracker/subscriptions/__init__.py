"""What members of a shop get by mail because they chose it.

choices   who wants what, and the link by which it ends
mornings  when a shop's morning is: seven o'clock where it is
weekly    the week before in words and pictures
ringing   an alarm of data health that begins or ends
crier     looks at each shop when something may have changed, and owes what there is to tell

A shop is looked at on its morning and fifteen minutes after something came in (leases.look_at, which the worker moves when it
works something in); one where nothing happens costs a look a day.
"""
