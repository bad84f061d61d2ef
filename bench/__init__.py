"""The measurements of docs/benchmarks.md, runnable by anyone: `make bench`, or `python -m bench.run NAME …` for some of them.

run.py        which there are                 <- add a measurement: a module with measure(), and its line there
table.py      figures, budgets, the table
machine.py    what it runs on; processes, their time and memory
traffic.py    mixed shop traffic, as the door writes it
serving.py    gunicorn with the deployed settings, and the empty view it is compared with
load.lua      what wrk sends
"""
