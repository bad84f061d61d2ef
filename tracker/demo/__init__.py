"""The demo shop: a small webshop to click through, the showcase and the test bench of everything else.

It stands to the tracker as a real shop does: its pages carry the snippet, its server sends signed events over HTTP.  It knows
no table, journey or report of the tracker, keeps its own state in `demo-shop.db`, and could be lifted out and run elsewhere.

    goods.py     what it sells                     <- add a product, and a picture of that name in templates/demo/pictures
    prices.py    totals, VAT, discounts            pure
    state.py     carts, orders, customers, outbox  one SQLite file
    facts.py     what happened -> wire JSON        pure
    sender.py    signs, posts, retries             the outbox's thread
    call.py      one request: language, shopper, consent, page
    browsing.py buying.py afterwards.py reading.py backoffice.py    the pages
    views.py     the site map                      <- add a page
    history.py past/    a made-up past of the shop, with which an empty installation is filled
"""
