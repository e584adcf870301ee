"""Failure and delay notices without a report in the languages of the world, and people who write of parcels."""

import pytest

from agent.classify import classify
from agent.model.proof import Proof
from agent.model.signal import Bounce
from agent.rules.catalog import Catalog
from tests.unit.mail.build import read

DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example>"
PERSON = "Bob <bob@buyer.example>"


def found(catalog: Catalog, sender: str, subject: str, text: str) -> list[tuple[str, str, bool, bool]]:
    head = f"From: {sender}\nTo: news@exporter.example\nSubject: {subject}\n"
    mail = read(f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode())
    signals = [s for s in classify(mail, Proof(), None, catalog) if isinstance(s, Bounce)]
    return [(str(s.address), s.reason.value, s.hard, s.delayed) for s in signals]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Vaši zprávu pro ana@buyer.example se nepodařilo doručit.\n\nAdresa nebyla nalezena", "user_unknown"),
        ("Ваше повідомлення не доставлено на адресу ana@buyer.example, оскільки її не знайдено", "user_unknown"),
        ("Leveransen till följande mottagare misslyckades:\n\nana@buyer.example\nBrevlådan är full", "mailbox_full"),
        ("Levering til disse modtagere mislykkedes:\n\nana@buyer.example\nAdressen blev ikke fundet", "user_unknown"),
        ("Viestiä ei voitu toimittaa:\n\nana@buyer.example\nOsoitetta ei löydy", "user_unknown"),
        ("Üzenete nem lett kézbesítve: ana@buyer.example\n\nA cím nem található", "user_unknown"),
        ("Mesajul nu a fost livrat către ana@buyer.example\n\nMesajul este prea mare", "mesg_too_big"),
        ("Thư của bạn đã không được gửi tới ana@buyer.example vì không tìm thấy địa chỉ", "user_unknown"),
        ("ระบบไม่ได้ส่งข้อความของคุณไปยัง ana@buyer.example เนื่องจากไม่พบที่อยู่", "user_unknown"),
        ("Pesan Anda tidak terkirim ke ana@buyer.example karena alamat tidak dapat ditemukan", "user_unknown"),
        ("ההודעה שלך לא נמסרה אל ana@buyer.example כי הכתובת לא נמצאה", "user_unknown"),
        ("لم يتم تسليم رسالتك إلى ana@buyer.example لأنه تعذّر العثور على العنوان", "user_unknown"),
        ("پیام شما به ana@buyer.example تحویل داده نشد زیرا نشانی پیدا نشد", "user_unknown"),
        ("Το μήνυμά σας δεν παραδόθηκε στη διεύθυνση ana@buyer.example: η διεύθυνση δεν βρέθηκε", "user_unknown"),
        ("系統找不到 ana@buyer.example 這個地址，因此未能成功傳送您的郵件。", "user_unknown"),
    ],
)
def test_a_notice_is_read_in_its_language(catalog: Catalog, text: str, reason: str) -> None:
    hard = reason == "user_unknown"
    assert found(catalog, DAEMON, "Delivery", text) == [("ana@buyer.example", reason, hard, False)]


@pytest.mark.parametrize(
    "text",
    [
        "Leveransen till följande mottagare är försenad:\n\nana@buyer.example",
        "Die Zustellung an folgende Empfänger ist verzögert:\n\nana@buyer.example",
        "Доставка следующим получателям задерживается:\n\nana@buyer.example",
    ],
)
def test_a_delay_is_read_in_its_language(catalog: Catalog, text: str) -> None:
    assert [one[3] for one in found(catalog, DAEMON, "Delivery", text)] == [True]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Levering mislykkedes", "Leveringen mislykkedes, adressen blev ikke fundet. Skriv til eve@x.example"),
        ("Leveransen misslyckades", "Leveransen misslyckades, adressen hittades inte. Kontakta eve@x.example"),
        ("Toimitus epäonnistui", "Tilausta ei voitu toimittaa, osoitetta ei löytynyt: eve@x.example"),
        ("Помилка доставки", "Доставка замовлення не вдалася, адресу не знайдено. Пишіть eve@x.example"),
        ("Zustellung fehlgeschlagen", "Die Zustellung des Pakets ist fehlgeschlagen. Schreiben Sie an eve@x.example"),
        ("Error de entrega", "La entrega del pedido ha fallado. Escriba a eve@x.example"),
        ("Pengiriman gagal", "Pengiriman barang gagal karena alamat tidak ditemukan. Hubungi eve@x.example"),
        ("Αποτυχία παράδοσης", "Η παράδοση της παραγγελίας απέτυχε. Γράψτε στο eve@x.example"),
        ("فشل التسليم", "فشل تسليم الطلبية. راسلونا على eve@x.example"),
        ("投遞失敗", "包裹傳送失敗，請聯絡 eve@x.example"),
    ],
)
def test_a_person_who_writes_of_goods_reports_no_failure(catalog: Catalog, subject: str, text: str) -> None:
    # goods are delivered with the same words as mail
    assert found(catalog, PERSON, subject, text) == []
