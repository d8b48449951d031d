"""The demo ISP as a table: its resellers, plans, prices, staff, and the money that moves in its month. Data only.

Everybody in it is made up. Amounts are taka a month; days are counted from 1, the first day of the demo month.
"""

from dataclasses import dataclass
from typing import Final

DAYS: Final = 31
"""So many settled days, the last of them yesterday."""

PASSWORD: Final = "demo-password-1"
"""Of every demo user. It is in the open: a demo is for looking around, not for subscribers of flesh and blood."""


@dataclass(frozen=True)
class DemoPlan:
    """A plan that everybody sells under the same code; `share` is how many in a hundred subscribers have it."""

    code: str
    operator_name: str
    reseller_name: str
    kbps: int
    retail_price: str
    share: int


PLANS: Final = (
    DemoPlan("HOME-10", "Home 10 Mbps", "হোম ১০ এমবিপিএস", 10_240, "700.00", 55),
    DemoPlan("HOME-20", "Home 20 Mbps", "হোম ২০ এমবিপিএস", 20_480, "1000.00", 28),
    DemoPlan("HOME-40", "Home 40 Mbps", "হোম ৪০ এমবিপিএস", 40_960, "1500.00", 12),
    DemoPlan("BIZ-100", "Business 100 Mbps", "বিজনেস ১০০ এমবিপিএস", 102_400, "5000.00", 5),
)
Prices = tuple[str, str, str, str]
"""Of each plan, in the order of PLANS."""

FROM_OPERATOR: Final[Prices] = ("350.00", "520.00", "800.00", "2500.00")
FROM_DISTRICT: Final[Prices] = ("430.00", "630.00", "950.00", "3000.00")
FROM_TOWN: Final[Prices] = ("500.00", "730.00", "1100.00", "3500.00")


@dataclass(frozen=True)
class DemoReseller:
    """A reseller, what it pays its parent (None: the operator), its limits, and how many subscribers move in with it."""

    code: str
    parent: str | None
    name: str
    owner: str
    prices: Prices
    subscribers: int
    zones: tuple[str, ...]
    tax_bps: int = 0
    day_count: str = "calendar_month"
    minimum_balance: str = "0.00"
    credit_limit: str = "0.00"

    @property
    def owner_email(self) -> str:
        return f"owner@{self.code.lower()}.test"


RESELLERS: Final = (
    DemoReseller(
        "DHAKA", None, "Dhaka Metro Net · ঢাকা মেট্রো নেট", "রফিকুল ইসলাম", FROM_OPERATOR, 120,
        ("ধানমন্ডি", "মোহাম্মদপুর", "Farmgate", "তেজগাঁও"), tax_bps=500,
    ),
    DemoReseller(
        "CTG", None, "চট্টগ্রাম ব্রডব্যান্ড", "নাসরিন চৌধুরী", FROM_OPERATOR, 140,
        ("আগ্রাবাদ", "পাঁচলাইশ", "GEC Circle", "চকবাজার"), tax_bps=500,
    ),
    DemoReseller(
        "SYLHET", None, "Surma Broadband", "জাহিদ হাসান", FROM_OPERATOR, 150,
        ("জিন্দাবাজার", "আম্বরখানা", "Shahjalal Upashahar"),
    ),
    DemoReseller(
        "MIRPUR", "DHAKA", "মিরপুর অনলাইন", "শারমিন আক্তার", FROM_DISTRICT, 180,
        ("মিরপুর-১", "মিরপুর-১০", "মিরপুর-১১", "Shewrapara"),
    ),
    DemoReseller(
        "UTTARA", "DHAKA", "Uttara Fiber Link", "Tanvir Ahmed", FROM_DISTRICT, 130,
        ("Sector 4", "Sector 7", "সেক্টর ১১", "আজমপুর"),
    ),
    DemoReseller(
        "HALISHAHAR", "CTG", "হালিশহর নেট", "আবুল কালাম", FROM_DISTRICT, 110,
        ("A Block", "B Block", "বড়পোল"), tax_bps=500, minimum_balance="-50000.00", credit_limit="60000.00",
    ),
    DemoReseller(
        "PALLABI", "MIRPUR", "পল্লবী কেবল অ্যান্ড নেট", "মাহমুদা খাতুন", FROM_TOWN, 95,
        ("পল্লবী", "রূপনগর", "Eastern Housing"), day_count="fixed_30",
    ),
    DemoReseller(
        "KAZIPARA", "MIRPUR", "Kazipara Net Zone", "সোহেল রানা", FROM_TOWN, 75,
        ("কাজীপাড়া", "শেওড়াপাড়া"),
    ),
)  # fmt: skip
BY_CODE: Final = {reseller.code: reseller for reseller in RESELLERS}


@dataclass(frozen=True)
class DemoUser:
    """A member of staff of a reseller (None: of the operator)."""

    tenant: str | None
    role: str
    name: str
    email: str


STAFF: Final = (
    DemoUser(None, "manager", "সেলিম রেজা", "manager@demo.test"),
    DemoUser(None, "accountant", "ফারহানা ইয়াসমিন", "accountant@demo.test"),
    DemoUser(None, "support", "Nusrat Jahan", "support@demo.test"),
    DemoUser(None, "collector", "কামাল উদ্দিন", "collector@demo.test"),
    DemoUser(None, "technician", "Rubel Mia", "technician@demo.test"),
    DemoUser("MIRPUR", "manager", "ইমরান হোসেন", "manager@mirpur.test"),
    DemoUser("MIRPUR", "accountant", "Salma Begum", "accountant@mirpur.test"),
    DemoUser("MIRPUR", "support", "তানিয়া সুলতানা", "support@mirpur.test"),
    DemoUser("MIRPUR", "collector", "বাবুল মিয়া", "collector@mirpur.test"),
    DemoUser("MIRPUR", "technician", "Shafiq Alam", "technician@mirpur.test"),
)
MANAGER: Final = "manager@demo.test"


@dataclass(frozen=True)
class DemoRecharge:
    """Money from a reseller to its parent on a day, and into its fund; `credit` is lent by the parent."""

    day: int
    reseller: str
    amount: str
    method: str
    note: str = ""


RECHARGES: Final = (
    DemoRecharge(1, "DHAKA", "250000.00", "opening", "balance brought along"),
    DemoRecharge(1, "DHAKA", "300000.00", "bank", "transfer DBBL"),
    DemoRecharge(1, "CTG", "180000.00", "gateway", "bKash"),
    DemoRecharge(1, "SYLHET", "60000.00", "cash", "paid at the counter"),
    DemoRecharge(1, "SYLHET", "5000.00", "bonus", "welcome"),
    DemoRecharge(1, "MIRPUR", "220000.00", "bank"),
    DemoRecharge(1, "UTTARA", "150000.00", "credit", "till the end of the month"),
    DemoRecharge(1, "HALISHAHAR", "40000.00", "cash"),
    DemoRecharge(1, "PALLABI", "40000.00", "gateway", "Nagad"),
    DemoRecharge(1, "KAZIPARA", "35000.00", "cash"),
    DemoRecharge(8, "PALLABI", "25000.00", "gateway", "Nagad"),
    DemoRecharge(12, "UTTARA", "50000.00", "bank", "first part of what is owed"),
    DemoRecharge(14, "DHAKA", "250000.00", "bank", "transfer DBBL"),
    DemoRecharge(15, "PALLABI", "25000.00", "gateway", "Nagad"),
    DemoRecharge(16, "SYLHET", "75000.00", "gateway", "bKash"),
    DemoRecharge(17, "MIRPUR", "160000.00", "bank"),
    DemoRecharge(20, "CTG", "60000.00", "bank"),
    DemoRecharge(22, "PALLABI", "30000.00", "gateway", "Nagad"),
    DemoRecharge(23, "KAZIPARA", "7000.00", "cash", "the rest next week"),
    DemoRecharge(24, "UTTARA", "30000.00", "bank", "second part of what is owed"),
    DemoRecharge(31, "KAZIPARA", "1000.00", "cash", "what there is"),
)
REFUND: Final = DemoRecharge(18, "MIRPUR", "5000.00", "bank", "sent twice by mistake")


@dataclass(frozen=True)
class DemoEntry:
    """An entry made by hand in a book (None: the operator's): amount, debit account, credit account."""

    day: int
    tenant: str | None
    memo: str
    amount: str
    debit: str
    credit: str


RENT_ACCOUNT: Final = "5910"
ENTRIES: Final = (
    DemoEntry(2, None, "Capital of the owners", "500000.00", "1010", "3000"),
    DemoEntry(5, None, "অফিস ভাড়া", "45000.00", RENT_ACCOUNT, "1010"),
    DemoEntry(9, "MIRPUR", "Cash brought to the bank", "20000.00", "1010", "1000"),
    DemoEntry(10, None, "Fibre cable and splicing", "68500.00", "5900", "1010"),
    DemoEntry(25, None, "বেতন", "120000.00", "5900", "1010"),
    DemoEntry(26, "MIRPUR", "মাসিক আদায়", "96400.00", "1000", "4000"),
)
