"""Papers and the places in them that statements come from."""

from __future__ import annotations

from dataclasses import dataclass

_VENUE_FIELDS = {
    "inproceedings": "booktitle",
    "incollection": "booktitle",
    "article": "journal",
    "book": "publisher",
    "techreport": "institution",
    "misc": "howpublished",
}


@dataclass(frozen=True)
class Paper:
    """A paper or a book.

    Parameters
    ----------
    key : str
        Key used in theorem ids and BibTeX.
    title : str
    authors : tuple of str
        In order, given name first.
    year : int
    venue : str
        Conference, journal, publisher or institution.
    arxiv : str
        arXiv number, empty if there is none.
    notation : tuple of (str, str)
        Symbols of the catalogue that are called otherwise in the paper, with their name there.
    compared : str
        What could be compared with the paper's own text.
    kind : str
        BibTeX type of the entry: inproceedings, incollection, article, book, techreport or misc.
    volume, number, pages : str
        Where in the journal or the proceedings, empty if unknown or meaningless.

    Raises
    ------
    ValueError
        If the kind is none of these.

    Examples
    --------
    >>> print(Paper("key2024", "Title", ("Ada Lovelace",), 2024, "Venue", "2401.00001").bibtex())
    @inproceedings{key2024,
      title = {Title},
      author = {Ada Lovelace},
      booktitle = {Venue},
      year = {2024},
      eprint = {2401.00001},
      archivePrefix = {arXiv}
    }
    >>> print(Paper("key1843", "Notes", ("Ada Lovelace",), 1843, "Scientific Memoirs", kind="article", volume="3",
    ...     pages="666-731").bibtex())
    @article{key1843,
      title = {Notes},
      author = {Ada Lovelace},
      journal = {Scientific Memoirs},
      volume = {3},
      pages = {666--731},
      year = {1843}
    }
    """

    key: str
    title: str
    authors: tuple[str, ...]
    year: int
    venue: str
    arxiv: str = ""
    notation: tuple[tuple[str, str], ...] = ()
    compared: str = ""
    kind: str = "inproceedings"
    volume: str = ""
    number: str = ""
    pages: str = ""

    def __post_init__(self) -> None:
        """Refuse an unknown kind."""
        if self.kind not in _VENUE_FIELDS:
            raise ValueError(f"{self.key} is a '{self.kind}'; it must be one of {', '.join(_VENUE_FIELDS)}")

    def bibtex(self) -> str:
        """Return the BibTeX entry."""
        fields = [
            ("title", self.title),
            ("author", " and ".join(self.authors)),
            (_VENUE_FIELDS[self.kind], self.venue),
            ("volume", self.volume),
            ("number", self.number),
            ("pages", self.pages.replace("-", "--")),
            ("year", str(self.year)),
        ]
        if self.arxiv:
            fields += [("eprint", self.arxiv), ("archivePrefix", "arXiv")]
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields if value)
        return f"@{self.kind}{{{self.key},\n{body}\n}}"


@dataclass(frozen=True)
class Source:
    """A place in a paper.

    Parameters
    ----------
    paper : Paper
    label : str
        The paper's own label, such as "Theorem 1", or the statement of the paper that a derived one sharpens.

    Examples
    --------
    >>> Source(Paper("key2024", "Title", ("Ada Lovelace",), 2024, "Venue"), "Theorem 1").label
    'Theorem 1'
    """

    paper: Paper
    label: str
