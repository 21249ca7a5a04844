"""Given and family names of people who do not exist, and their ASCII spelling in logins."""

from __future__ import annotations

import unicodedata

GIVEN_NAMES = (
    "Aisha", "Alejandro", "Amara", "Ana", "Anders", "Anjali", "Astrid", "Ayo", "Bao", "Beatriz",
    "Bjørn", "Camille", "Chidi", "Dana", "Dario", "Eilidh", "Elif", "Emeka", "Emre", "Esther",
    "Farid", "Fatima", "Femi", "Freja", "Gabriel", "Giulia", "Grace", "Hana", "Haruto", "Hassan",
    "Ines", "Ingrid", "Ivan", "Jakub", "Jana", "João", "Jonas", "Kaito", "Katarzyna", "Kofi",
    "Lars", "Leila", "Linh", "Lucía", "Maja", "Malik", "Marek", "Mateo", "Mei", "Mina", "Nadia",
    "Niamh", "Nils", "Noor", "Núria", "Olena", "Omar", "Owen", "Paula", "Pedro", "Priya", "Rafael",
    "Ravi", "Renée", "Rosa", "Sana", "Saoirse", "Selin", "Siddharth", "Sigrid", "Søren", "Tariq",
    "Thandiwe", "Tomás", "Uma", "Viktor", "Wei", "Yara", "Yusuf", "Žofie",
)  # fmt: skip

FAMILY_NAMES = (
    "Abara", "Adeyemi", "Aguilar", "Ahmed", "Almeida", "Andersen", "Banerjee", "Barros", "Becker",
    "Bélanger", "Berg", "Castillo", "Chen", "Costa", "Dahl", "Demir", "Desai", "Diallo", "Dubois",
    "Dvořák", "Eriksen", "Fernandes", "Ferrari", "Fischer", "Fofana", "Fujimoto", "Gallagher",
    "García", "Ghosal", "Haddad", "Hagen", "Halvorsen", "Hoang", "Horvat", "Ibrahim", "Iyer",
    "Jansen", "Jensen", "Kamara", "Kaya", "Kim", "Kovács", "Kowalski", "Kruger", "Kumar", "Larsen",
    "Lindqvist", "Lopes", "MacLeod", "Mahmoud", "Marino", "Mbeki", "Mendes", "Moreau", "Moretti",
    "Murphy", "Mwangi", "Nakamura", "Navarro", "Nguyen", "Nilsen", "Novák", "Nowak", "Ødegård",
    "O'Brien", "Okafor", "Okonkwo", "Olsen", "Osei", "Park", "Petrov", "Pham", "Quiroga", "Rahman",
    "Ramos", "Rossi", "Sánchez", "Sato", "Schäfer", "Shevchenko", "Silva", "Solberg", "Sørensen",
    "Suzuki", "Szabó", "Takeda", "Tan", "Torres", "Tran", "Ueda", "Vargas", "Vasquez", "Virtanen",
    "Weber", "Wójcik", "Yamada", "Yılmaz", "Zhang", "Zieliński", "Zulu",
)  # fmt: skip

_NOT_DECOMPOSED = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "'": None}  # NFKD leaves these whole
)


def ascii_name(name: str) -> str:
    """Spell a name as logins do: lower case, ASCII letters only (``Sørensen`` is ``sorensen``)."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_NOT_DECOMPOSED))
    return decomposed.encode("ascii", "ignore").decode().lower()
