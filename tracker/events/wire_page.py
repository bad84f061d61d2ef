# ruff: noqa: E501 – prose of a page, where a row of a Markdown table is one line
"""The text of docs/wire-format.md: what a sender must know, made from the catalogue so that it cannot lag behind.

In:  the catalogue, and how to complete an example.  Out: Markdown.  events/contract.py writes it and checks that it is fresh.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import Schema

from tracker.errors import RefusedReason
from tracker.events import fields as f
from tracker.events import wire
from tracker.events.catalog import CATALOG, EventType, Item
from tracker.events.types import Consent, PageKind, Source

Example = Callable[[str], dict[str, Any]]

EVENT_FIELDS: Mapping[str, tuple[str, str]] = {
    "event_id": ("text, required", "1–64 characters of `A-Z a-z 0-9 . _ : -`, unique within the shop and source. The same event sent again under the same id counts once."),
    "type": ("text, required", "one of the types below; any other text up to 64 characters is kept as `custom` under that name"),
    "occurred_at": ("instant", "when it happened by the sender's clock; absent: `sent_at`, else the time of receipt"),
    "sequence": ("whole number ≥ 0", "the visitor's own numbering, one higher for each event (two pages side by side may give one twice, but leave none out); shows what was lost and orders events of one millisecond"),
    "page": ("object", "where it happened: `url` (http or https, required), `title`, `referrer`, `kind`"),
    "data": ("object", "the fields of the type"),
    "visitor_key": ("key", "the browser: the value of the cookie `_kr`. A server names it on the events of a visitor's order, which ties order and journey together."),
    "consent": ("text", f"{', '.join(f'`{level.name.lower()}`' for level in Consent)}; absent: the shop's setting for browsers (`anonymous` unless changed), `statistics` for servers"),
    "customer_key": ("key", "the customer's id on the platform"),
    "email": ("text", "the person's address; only a keyed hash of it is kept where no permission or order needs more"),
    "cart_key": ("key", "the cart's id on the platform"),
    "user_agent": ("text, servers only", "the buyer's browser; of a `crawler_visit` the crawler"),
    "country": ("text, servers only", "the buyer's country, ISO 3166, two letters"),
}  # fmt: skip

ENVELOPE_FIELDS: Mapping[str, tuple[str, str]] = {
    "key": ("text, required", "the shop's site key"),
    "v": ("whole number", f"the wire version; {wire.WIRE_VERSION} when absent, and the newest"),
    "sent_at": ("instant", "when the body was sent, by the sender's clock"),
    "events": ("list", "the events of a batch"),
}

REASONS: Mapping[RefusedReason, tuple[str, str]] = {
    RefusedReason.TOO_BIG: ("413", "the body has more bytes than the installation takes (1 MiB unless changed)"),
    RefusedReason.NOT_JSON: ("400", "no JSON, no UTF-8, nested too deep, or no object"),
    RefusedReason.EMPTY: ("400", "no events"),
    RefusedReason.TOO_MANY: ("400", "more events than the installation takes in one body (500 unless changed)"),
    RefusedReason.UNKNOWN_KEY: ("401", "no shop has this `key`"),
    RefusedReason.WRONG_ORIGIN: ("403", "sent by a page outside the shop's own hosts"),
    RefusedReason.BAD_SIGNATURE: ("401", "the signature is not that of the shop's secret over this body"),
    RefusedReason.STALE_SIGNATURE: ("401", "signed more than 5 minutes ago, or seen before"),
    RefusedReason.RATE_LIMITED: ("429", "too many requests; `Retry-After` says when to come back"),
    RefusedReason.INVALID: (
        "202, 400",
        "a field is missing, wrong or unknown: `detail.fields` names each, with what is wrong in words",
    ),
    RefusedReason.NOT_FROM_BROWSER: ("202", "money, order and after-sales facts must come signed from the shop's server"),
    RefusedReason.TOO_OLD: ("202", "a browser's event older than 30 days; a server may send any age"),
    RefusedReason.IN_FUTURE: ("202", "more than 5 minutes ahead, after the clock was corrected"),
    RefusedReason.BAD_LINK: ("404", "a [survey link](surveys.md) that is cut, or that no secret of the shop has signed"),
    RefusedReason.EXPIRED_LINK: ("410", "a survey link older than 90 days"),
}

SIGNED_AT = 1_780_308_000
EXAMPLE_SECRET = "sk_example"  # noqa: S105 – an example in the documentation
SIGNED_BODY = (
    '{"key":"pk_example","event_id":"ship:10042:p-1","type":"order_shipped",'
    '"data":{"transaction_id":"10042","parcel_id":"p-1","carrier":"GLS"}}'
)


def signature(secret: str, at_seconds: int, body: bytes) -> str:
    """The header's value for the worked example."""
    digest = hmac.new(secret.encode(), b"%d." % at_seconds + body, hashlib.sha256).hexdigest()
    return f"t={at_seconds},v1={digest}"


def wire_page(example: Example) -> str:
    """The whole page."""
    parts = [
        _head(),
        _answer(),
        _signature(),
        "## Event types\n\n" + _overview().strip(),
        "### Fields of an item\n\n" + _field_table(Item),
        *(_event_type(name, event_type, example) for name, event_type in CATALOG.items()),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _head() -> str:
    return f"""
# Wire format, version {wire.WIRE_VERSION}

*Made by `python -m tracker.events.contract` from `tracker/events/`; edit there.*

How a browser or a shop's server tells what happened. One request is `POST <collect path>` (`/k` unless changed) with one JSON
object as its body, as `text/plain` (no preflight in browsers) or `application/json`. It holds one event, or a batch:

```json
{{"key": "pk_example", "event_id": "7f3c", "type": "page_view", "page": {{"url": "https://shop.example/"}}}}
```

```json
{{"key": "pk_example", "sent_at": 1780308000000, "visitor_key": "v-3xJq0pX2n8", "consent": "statistics", "events": [
  {{"event_id": "7f3d", "type": "page_view", "page": {{"url": "https://shop.example/"}}}},
  {{"event_id": "7f3e", "type": "search", "data": {{"search_term": "kjole"}}}}
]}}
```

The fields of the body that belong to the request:

{_table(ENVELOPE_FIELDS)}

The fields of an event. In a batch, an event inherits every one that stands beside `events` and that it does not give itself:

{_table(EVENT_FIELDS)}

## Rules for values

- **Not given.** `null` and empty text mean "not given". An event that inherits a field and does not want it gives `null`.
- **Instants** are epoch milliseconds (whole) or ISO 8601 text with a zone. When `sent_at` and our clock differ by more than a
  minute, `occurred_at` is moved by the difference.
- **Money** is a JSON number or decimal text in major units of `currency` (`199.95` or `"199.95"`), from 0 to 10^12. It is kept in whole
  minor units; halves are rounded to even. Amounts are never negative: money given back is a `refund`.
- **Keys** (ids and codes) are 1–128 characters, trimmed; control characters and lone surrogates are refused. In `data`, and from
  servers everywhere, a whole number is taken as text.
- **Texts** (titles, names, reasons) are made fit: control characters become spaces, marks that turn the direction of writing go, and what
  is longer than allowed is cut.
- **Numbers** are finite; whole numbers are below 2^53.
- **Unknown fields.** From a browser they are dropped and named in the answer's `ignored_fields`; the event is kept. From a signed
  source the event is refused as `invalid`, naming them, unless `v` is newer than {wire.WIRE_VERSION}: then they are dropped as well.
- **Unknown types** are kept as `custom`: `data` is `{{"name": <type>, …}}`; a field of its own called `name` becomes `_name`. `custom` may
  hold any JSON of at most {wire.MAX_OPEN_VALUES} values and {wire.MAX_OPEN_DEPTH} levels; texts are cut at {wire.MAX_OPEN_TEXT} characters.
- **Page kinds:** {", ".join(f"`{kind.value}`" for kind in PageKind)}. An unknown kind from a browser is dropped and named; a missing one
  is guessed from the path.

## Consent

{_consent()}
"""


def _consent() -> str:
    return """
| level | what is kept of a browser's event |
|---|---|
| `none` | its type, counted; nothing else |
| `anonymous` | the event in a session of its own; `visitor_key`, `customer_key`, `email` and `cart_key` are taken off at the door |
| `statistics` | the event, joined to the visitor's journey |
| `marketing` | the same; also on-site messages and audiences |
""".strip()


def _answer() -> str:
    rows = "\n".join(f"| `{reason.value}` | {status} | {text} |" for reason, (status, text) in REASONS.items())
    return f"""
## The answer

`202` means: what is not named in `refused` is on our disk.

```json
{{"accepted": 1, "refused": [{{"index": 1, "event_id": "7f3e", "reason": "invalid", "detail": {{"fields": {{"data.items[0].price": "is not between 0 and 1000000000000"}}}}}}], "ignored_fields": ["events[0].data.foo"]}}
```

`index` counts from 0 in the order of `events`. It is `202` too when every event is refused. A request that is refused as a whole
is answered with the status of its reason and `{{"refused": [{{"reason": …, "detail": …}}]}}`; its events were not looked at. `503` with
`Retry-After` and `{{"error": "unavailable"}}` means: nothing was kept, send it again. Sending again is always safe: an `event_id`
counts once. Every answer carries `Access-Control-Allow-Origin: *`.

Reasons marked 202 concern single events. `invalid` is 400 where the envelope itself is wrong.

| reason | status | means |
|---|---|---|
{rows}
"""


def _signature() -> str:
    signed = signature(EXAMPLE_SECRET, SIGNED_AT, SIGNED_BODY.encode())
    return f"""
## Signing as the shop's server

The header `X-Kunderejse-Signature: t=<unix seconds>,v1=<hex>` makes the sender the shop's server: `v1` is the HMAC-SHA256, with the
shop's secret, of `<t>.` followed by the raw body. Each request is signed anew, with the time of signing; a signature works once.
During a rotation the secret before is accepted too. Without the header the sender is a browser.

```sh
secret={EXAMPLE_SECRET}
body='{SIGNED_BODY}'
t={SIGNED_AT}  # in earnest: t=$(date +%s)
v1=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -hmac "$secret" -hex | sed 's/^.* //')
signature="t=$t,v1=$v1"
```

This gives `{signed}`. Send it:

```sh
curl -sS -X POST "$address/k" -H 'Content-Type: application/json' -H "X-Kunderejse-Signature: $signature" --data-raw "$body"
```
"""


def _overview() -> str:
    rows = "\n".join(
        f"| [`{name}`](#{name}) | {_first_sentence(event_type)} | {_senders(event_type)} | {'yes' if event_type.ga4 else ''} |"
        for name, event_type in CATALOG.items()
    )
    return f"""
{len(CATALOG)} types. *GA4* marks those that Google Analytics 4 has under the same name and with the same fields.

| type | means | sent by | GA4 |
|---|---|---|---|
{rows}
"""


def _event_type(name: str, event_type: type[EventType], example: Example) -> str:
    notes = [f"Sent by: {_senders(event_type)}."]
    if event_type.browser_keeps:
        kept = ", ".join(f"`{field}`" for field in sorted(event_type.browser_keeps))
        notes.append(f"From a browser only {kept} is kept of `data`.")
    if event_type.open_data:
        notes.append("Further fields of any name are kept.")
    table = _field_table(event_type.fields) or "No `data`."
    sent = json.dumps(example(name), ensure_ascii=False, indent=2)
    return f"### {name}\n\n{_doc(event_type)} {' '.join(notes)}\n\n{table}\n\n```json\n{sent}\n```"


def _field_table(schema: type[Schema]) -> str:
    rows = [(name, field) for name, field in schema().fields.items() if isinstance(field, f.Field)]
    if not rows:
        return ""
    required_first = sorted(rows, key=lambda row: not row[1].required)
    lines = [f"| `{name}` | {_kind(field)} | {field.metadata['description']} |" for name, field in required_first]
    return "| field | kind | means |\n|---|---|---|\n" + "\n".join(lines)


def _kind(field: f.Field) -> str:
    facts = [field.kind, field.limits, f"in {field.metadata['unit']}" if field.metadata["unit"] else ""]
    return ", ".join(fact for fact in facts if fact) + (", **required**" if field.required else "")


def _senders(event_type: type[EventType]) -> str:
    return " or ".join(source.value for source in Source if source in event_type.sent_by)


def _doc(event_type: type[EventType]) -> str:
    assert event_type.__doc__, event_type
    return " ".join(event_type.__doc__.split())


def _first_sentence(event_type: type[EventType]) -> str:
    return _doc(event_type).split(". ")[0].rstrip(".")


def _table(rows: Mapping[str, tuple[str, str]]) -> str:
    return "| field | kind | means |\n|---|---|---|\n" + "\n".join(_rows(rows.items()))


def _rows(rows: Iterable[tuple[str, tuple[str, str]]]) -> Iterable[str]:
    for name, (kind, text) in rows:
        yield f"| `{name}` | {kind} | {text} |"
