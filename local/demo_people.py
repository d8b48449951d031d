"""Subscribers who do not exist: names as in Bangladesh, telephone numbers and MAC addresses that nobody can have."""

import csv
import io
import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from local.demo_isp import PLANS, DemoReseller

COLUMNS: Final = ("name", "phone", "plan", "username", "mac", "zone", "start_on")
CUSTOMERS_FOR_DAYS: Final = 900
"""The oldest customers came so long before the demo month."""

_MEN: Final = (
    "মোঃ আব্দুর রহিম", "মোঃ রফিকুল", "আবুল হাসান", "মোহাম্মদ আলী", "কামরুল", "সাইফুল", "জাহাঙ্গীর", "মিজানুর",
    "শফিকুল", "আনোয়ার", "নজরুল", "মাহবুব", "তারেক", "রাশেদুল", "ইমতিয়াজ", "আরিফুল", "সাব্বির", "ফয়সাল",
    "হাবিবুর", "দেলোয়ার", "সুমন", "পলাশ", "বিপ্লব", "রতন", "সঞ্জয়",
)  # fmt: skip
_WOMEN: Final = (
    "ফাতেমা", "আয়েশা", "রহিমা", "নাসরিন", "শিরিন", "রুমানা", "তাসলিমা", "সাবিনা", "মরিয়ম", "জান্নাতুল",
    "নুসরাত", "সুমাইয়া", "পারভীন", "লাভলী", "রেহানা", "শাহানা", "মিতু", "সাদিয়া", "ঝর্ণা", "কাকলী",
)  # fmt: skip
_MENS_FAMILIES: Final = (
    "ইসলাম", "হোসেন", "রহমান", "আহমেদ", "উদ্দিন", "মিয়া", "চৌধুরী", "খান", "সরকার", "তালুকদার", "ভূঁইয়া",
    "মোল্লা", "দাস", "সাহা", "বড়ুয়া",
)  # fmt: skip
_WOMENS_FAMILIES: Final = (
    "বেগম", "খাতুন", "আক্তার", "সুলতানা", "ইয়াসমিন", "চৌধুরী", "রহমান", "ইসলাম", "রায়", "দেবী",
)  # fmt: skip
_IN_LATIN: Final = (
    "Abdul Karim", "Shakil Ahmed", "Farzana Haque", "Mehedi Hasan", "Rezaul Kabir", "Sharmin Sultana",
    "Tania Akter",
)  # fmt: skip
_SHOPS: Final = (
    "রহমান ট্রেডার্স", "মায়ের দোয়া স্টোর", "নিউ ঢাকা ফার্মেসি", "বিসমিল্লাহ হোটেল", "সোনার বাংলা টেইলার্স",
    "Digital Photo Studio", "আল-আমিন কম্পিউটার", "পপুলার ডায়াগনস্টিক", "মডেল কোচিং সেন্টার",
    "Green View School",
)  # fmt: skip


@dataclass(frozen=True)
class DemoSubscriber:
    """A line of a roster."""

    name: str
    phone: str
    plan: str
    username: str
    mac: str
    zone: str
    start_on: date


def chance_of(reseller: DemoReseller, what: str) -> random.Random:
    """Chance that falls the same way on every machine and every day."""
    return random.Random(f"tributary demo {reseller.code} {what}")


def subscriber_of(reseller: DemoReseller, number: int, chance: random.Random, start_on: date) -> DemoSubscriber:
    """The reseller's subscriber of that number."""
    plan = chance.choices([plan.code for plan in PLANS], [plan.share for plan in PLANS])[0]
    place = f"{sum(map(ord, reseller.code)) % 256:02X}"
    return DemoSubscriber(
        name=_name(chance, is_business=plan.startswith("BIZ")),
        # Numbers from 012 on are given to nobody in Bangladesh; a MAC from 02 on is of no maker.
        phone=f"012{chance.randrange(100_000_000):08}",
        plan=plan,
        username=f"{reseller.code.lower()}{number:04}",
        mac=f"02:1A:{place}:{number >> 8:02X}:{number & 255:02X}:{chance.randrange(256):02X}",
        zone=chance.choice(reseller.zones),
        start_on=start_on,
    )


def roster_of(reseller: DemoReseller, first: date) -> list[DemoSubscriber]:
    """The subscribers that move in with the reseller, the oldest customers first."""
    chance = chance_of(reseller, "roster")
    ages = sorted((chance.randrange(1, CUSTOMERS_FOR_DAYS) for _ in range(reseller.subscribers)), reverse=True)
    return [
        subscriber_of(reseller, number, chance, first - timedelta(days=age)) for number, age in enumerate(ages, start=1)
    ]


def as_csv(subscribers: list[DemoSubscriber]) -> str:
    """The file that is imported."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(one, column) for column in COLUMNS] for one in subscribers)
    return text.getvalue()


def _name(chance: random.Random, *, is_business: bool) -> str:
    if is_business:
        return chance.choice(_SHOPS)
    kind = chance.random()
    if kind < 0.08:
        return chance.choice(_IN_LATIN)
    if kind < 0.35:
        return f"{chance.choice(_WOMEN)} {chance.choice(_WOMENS_FAMILIES)}"
    return f"{chance.choice(_MEN)} {chance.choice(_MENS_FAMILIES)}"
