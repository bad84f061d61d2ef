"""The shop's own list of orders beside what was collected: kept.py keeps it, compare.py says what is missing and why, fill.py
fills it in.

A list comes as a file (tracker/imports/order_list.py), as often as one likes; an order that is told again is the same order.
Which orders of the list count is the shop's setting, as for orders that are collected.
"""
