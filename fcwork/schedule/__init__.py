"""Notebooks run by the clock, each instant once.

A ``Schedule`` says when, by cron text and time zone, and what is run; the ``Book`` keeps schedules in the store, with
how far each has come; ``Work`` runs what is due of one, alone::

    book = Book()
    book.add(Schedule(name="nightly", notebook="ingestion", cron="0 2 * * *", zone="Australia/Sydney").checked())
    Work(book, "nightly").all_due()

The scheduler, which does so whenever one is due, is ``fcwork.schedule.scheduler.Scheduler``.
"""

from fcwork.schedule.arrivals import Waiting
from fcwork.schedule.book import LOST, UNDER_WAY, Book, Standing, Turn
from fcwork.schedule.overdue import overdue_since, tell_overdue
from fcwork.schedule.plan import POLICIES, Policy, Schedule, absolute, argv, due
from fcwork.schedule.times import Times
from fcwork.schedule.working import Work, stopped_by_sigterm

__all__ = [
    "LOST",
    "POLICIES",
    "UNDER_WAY",
    "Book",
    "Policy",
    "Schedule",
    "Standing",
    "Times",
    "Turn",
    "Waiting",
    "Work",
    "absolute",
    "argv",
    "due",
    "overdue_since",
    "stopped_by_sigterm",
    "tell_overdue",
]
