"""The paper fu2024 itself."""

from bounds.sources import Paper

FU2024 = Paper(
    key="fu2024",
    title="Towards Theoretical Understandings of Self-Consuming Generative Models",
    authors=("Shi Fu", "Sen Zhang", "Yingjie Wang", "Xinmei Tian", "Dacheng Tao"),
    year=2024,
    venue="International Conference on Machine Learning",
    arxiv="2402.11778",
    compared=(
        "That the proof goes by the triangle inequality, Pinsker's inequality and a one-generation rate of a bounded "
        "random-feature score network, the rate n^(-1/4) in total variation, a phase transition in the amount of synthetic "
        "data, and results for kernel density estimates are confirmed by independent restatements. The wording and the "
        "constants of its theorems could not be compared."
    ),
)
