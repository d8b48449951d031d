"""What is printed on papers beside what they say: each label in English and in Bangla. Pure."""

import unicodedata

from chalicelib.documents.paper import Label, Language

_TEXTS: dict[Label, tuple[str, str]] = {
    Label.INVOICE: ("Invoice", "ইনভয়েস"),
    Label.CREDIT_NOTE: ("Credit note", "ক্রেডিট নোট"),
    Label.RECEIPT: ("Receipt", "রসিদ"),
    Label.STATEMENT: ("Statement of account", "হিসাব বিবরণী"),
    Label.COMMISSION_STATEMENT: ("Commission statement", "কমিশন বিবরণী"),
    Label.PAYSLIP: ("Payslip", "বেতন রসিদ"),
    Label.PAYMENT: ("Payment", "পরিশোধ"),
    Label.REFUND: ("Refund", "ফেরত"),
    Label.LATE_FEE: ("Late fee", "বিলম্ব ফি"),
    Label.WRITE_OFF: ("Write-off", "অবলোপন"),
    Label.ADJUSTMENT: ("Adjustment", "সমন্বয়"),
    Label.DISCOUNT: ("Discount", "ছাড়"),
    Label.ONE_TIME_CHARGE: ("One-time charge", "এককালীন চার্জ"),
    Label.DAY: ("Date", "তারিখ"),
    Label.DESCRIPTION: ("Description", "বিবরণ"),
    Label.DOCUMENT: ("Document", "দলিল"),
    Label.NUMBER: ("Number", "নম্বর"),
    Label.PERIOD: ("Period", "সময়কাল"),
    Label.PLAN: ("Plan", "প্যাকেজ"),
    Label.SUBSCRIBER: ("Subscriber", "গ্রাহক"),
    Label.SUBSCRIBERS: ("Subscribers", "গ্রাহক সংখ্যা"),
    Label.DAYS: ("Days", "দিন"),
    Label.QUANTITY: ("Quantity", "পরিমাণ"),
    Label.PRICE: ("Price", "মূল্য"),
    Label.AMOUNT: ("Amount", "টাকার পরিমাণ"),
    Label.CHARGED: ("Charged", "বিল"),
    Label.PAID: ("Paid", "পরিশোধিত"),
    Label.BALANCE: ("Balance", "স্থিতি"),
    Label.BASE: ("Base", "ভিত্তি"),
    Label.RATE: ("Rate", "হার"),
    Label.COMMISSION: ("Commission", "কমিশন"),
    Label.METHOD: ("Paid by", "পরিশোধের মাধ্যম"),
    Label.REFERENCE: ("Reference", "সূত্র"),
    Label.OF_INVOICE: ("Of invoice", "যে ইনভয়েসের"),
    Label.REASON: ("Reason", "কারণ"),
    Label.EMPLOYEE: ("Employee", "কর্মী"),
    Label.POSITION: ("Position", "পদবি"),
    Label.EARNINGS: ("Earnings", "আয়"),
    Label.DEDUCTIONS: ("Deductions", "কর্তন"),
    Label.SUBTOTAL: ("Subtotal", "উপমোট"),
    Label.TAX: ("VAT", "ভ্যাট"),
    Label.TAX_INCLUDED: ("VAT included", "ভ্যাট অন্তর্ভুক্ত"),
    Label.TOTAL: ("Total", "মোট"),
    Label.TOTAL_CREDITED: ("Total credited", "মোট ক্রেডিট"),
    Label.TOTAL_RECEIVED: ("Received", "মোট গৃহীত"),
    Label.TOTAL_COMMISSION: ("Commission for the period", "সময়কালের কমিশন"),
    Label.NET_PAY: ("Net pay", "নিট বেতন"),
    Label.BALANCE_BEFORE: ("Balance before", "পূর্বের বকেয়া"),
    Label.BALANCE_AFTER: ("Balance after", "বর্তমান বকেয়া"),
    Label.AMOUNT_DUE: ("Amount due", "প্রদেয় টাকা"),
    Label.ANNEX: ("Annex", "সংযুক্তি"),
    Label.CASH: ("Cash", "নগদ"),
    Label.BANK: ("Bank", "ব্যাংক"),
    Label.GATEWAY: ("Online payment", "অনলাইন পরিশোধ"),
    Label.VOID: ("VOID", "বাতিল"),
    Label.PAID_AHEAD: ("Paid ahead", "অগ্রিম"),
    Label.PAYMENT_REVERSAL: ("Payment taken back", "ফেরত নেওয়া পরিশোধ"),
    Label.ISSUED_ON: ("Issued on", "ইস্যুর তারিখ"),
    Label.DUE_ON: ("Due on", "পরিশোধের শেষ তারিখ"),
    Label.BILL_TO: ("Bill to", "গ্রাহক"),
    Label.RECEIVED_FROM: ("Received from", "যাঁর কাছ থেকে প্রাপ্ত"),
    Label.STATEMENT_FOR: ("Statement for", "যাঁর হিসাব"),
    Label.CUSTOMER_ID: ("Customer ID", "গ্রাহক আইডি"),
    Label.ID: ("ID", "আইডি"),
    Label.PHONE: ("Phone", "ফোন"),
    Label.EMAIL: ("Email", "ইমেইল"),
    Label.TAX_NUMBER: ("Tax number", "করদাতা নম্বর"),
    Label.AMOUNTS_IN: ("Amounts in", "টাকার একক"),
    Label.PAGE: ("Page", "পৃষ্ঠা"),
}

_MONTHS = {
    Language.ENGLISH: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    Language.BANGLA: (
        *("জানুয়ারি", "ফেব্রুয়ারি", "মার্চ", "এপ্রিল", "মে", "জুন"),
        *("জুলাই", "আগস্ট", "সেপ্টেম্বর", "অক্টোবর", "নভেম্বর", "ডিসেম্বর"),
    ),
}


def label_in(language: Language, label: Label) -> str:
    """The text of a label in a language."""
    english, bangla = _TEXTS[label]
    return english if language is Language.ENGLISH else _composed(bangla)


def month_in(language: Language, month: int) -> str:
    """The name of a month, 1 to 12."""
    return _composed(_MONTHS[language][month - 1])


def _composed(text: str) -> str:
    """As all texts of people are kept: some Bangla letters have two spellings, and who searches a PDF types the one."""
    return unicodedata.normalize("NFC", text)
