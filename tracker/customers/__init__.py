"""What a customer is worth, and whether they leave.  Pure: from counts, days and amounts, as of a day.

  cells      customers who are much alike, as sums: what everything below counts with
  segments   nine named places by recency, order count and net revenue; made for GROUP BY
  habits     how customers order and leave: the chance that one is still there, the number of orders to come
  spending   what an order of a customer brings
  forecast   fits both to a shop, says what is to come with an interval, and how right that was in the past
  minimum    the lowest point of a function

A *day* is a whole number that counts on, such as date.toordinal() of a shop's date.  Amounts are minor units of one currency:
whoever asks chooses it, and never mixes.  docs/customers.md has the formulas and how to read them.
"""
