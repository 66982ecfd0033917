"""Papers and the places in them that statements come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """A paper.

    Parameters
    ----------
    key : str
        Key used in theorem ids and BibTeX.
    title : str
    authors : tuple of str
        In order, given name first.
    year : int
    venue : str
        Conference or journal.
    arxiv : str
        arXiv number, empty if there is none.
    notation : tuple of (str, str)
        Symbols of the catalogue that are called otherwise in the paper, with their name there.
    compared : str
        What could be compared with the paper's own text.

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
    """

    key: str
    title: str
    authors: tuple[str, ...]
    year: int
    venue: str
    arxiv: str = ""
    notation: tuple[tuple[str, str], ...] = ()
    compared: str = ""

    def bibtex(self) -> str:
        """Return the BibTeX entry."""
        fields = [
            ("title", self.title),
            ("author", " and ".join(self.authors)),
            ("booktitle", self.venue),
            ("year", str(self.year)),
        ]
        if self.arxiv:
            fields += [("eprint", self.arxiv), ("archivePrefix", "arXiv")]
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields)
        return f"@inproceedings{{{self.key},\n{body}\n}}"


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
