"""Answers of reports in words, for pages and mails alike: in the reader's language, and silent where too little is known.

cells      one value as a reader sees it
changes    figures against those of other days
insight    a report in a sentence or two
questions  what an owner asks, and which report says it
language   the words for somebody whom no request tells us about
"""
