"""The migrations: NNNN_what_is_now_there.py, each saying why."""
