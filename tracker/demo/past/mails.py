"""Mail as the mail platform tells it: sent, opened, clicked, bounced, complained of."""

from __future__ import annotations

from tracker.clock import HOUR, MINUTE, Instant
from tracker.demo.facts import Wire
from tracker.demo.past.people import Person
from tracker.demo.past.world import World


def of_person(world: World, name: str, person: Person, at: Instant, data: Wire) -> Wire:
    """An event of the shop's server about somebody it knows by address."""
    event = {"event_id": world.key(), "type": name, "occurred_at": at, "consent": person.device.consent, "email": person.email}
    if person.customer_key:
        event["customer_key"] = person.customer_key
    return {**event, "data": data}


def message(world: World, purpose: str, campaign: str, order_key: str | None = None) -> Wire:
    """What every event about one mail says."""
    data: Wire = {"message_id": world.key("m-"), "purpose": purpose, "campaign": campaign}
    return {**data, "transaction_id": order_key} if order_key else data


def send(
    world: World, at: Instant, person: Person, purpose: str, campaign: str, *, order_key: str | None = None, opened: float = 0.4
) -> Wire:
    """One mail, which is opened as often as `opened` says."""
    data = message(world, purpose, campaign, order_key)
    world.send(of_person(world, "email_sent", person, at, data))
    if world.chance(opened):
        world.later(at + world.between(MINUTE, 6 * HOUR), open_mail, person, data)
    return data


def open_mail(world: World, at: Instant, person: Person, data: Wire) -> None:
    world.send(of_person(world, "email_opened", person, at, data))


def click(world: World, at: Instant, person: Person, data: Wire) -> None:
    link = f"https://{world.shop.hosts[0]}/demo/{person.lang}/"
    world.send(of_person(world, "email_clicked", person, at, {**data, "url": link}))


def bounce(world: World, at: Instant, person: Person, data: Wire, kind: str) -> None:
    """A hard one ends the subscription."""
    if kind == "hard":
        world.unsubscribe(person)
    reason = "550 no such user" if kind == "hard" else "452 mailbox full"
    world.send(of_person(world, "email_bounced", person, at, {**data, "bounce": kind, "reason": reason}))


def complain(world: World, at: Instant, person: Person, data: Wire) -> None:
    world.unsubscribe(person)
    world.send(of_person(world, "email_complained", person, at, data))


def unsubscribe(world: World, at: Instant, person: Person) -> None:
    world.unsubscribe(person)
    data = {"email": person.email, "list": "nyhedsbrev", "method": "unsubscribe link"}
    if world.chance(0.5):
        data["reason"] = world.dice.choice(("for mange mails", "ikke relevant", "glemte, at jeg var tilmeldt"))
    world.send(of_person(world, "newsletter_unsubscribe", person, at, data))
