"""Mails that are owed, and how they go out.

compose   kind and facts → subject, text and HTML in the reader's language
enqueue   a row in `mails`, in the transaction of its cause; the same cause owes one mail
message   the row → what goes over the wire
smtp      one conversation with the mail server
deliver   claim, try, settle; again after growing pauses; parked at last with the error kept

`enqueue` is asked by whatever has something to say; `deliver.Postman` runs beside the worker and holds no shop's lease.
"""
