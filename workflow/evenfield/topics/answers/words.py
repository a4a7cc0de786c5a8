"""How many statements got which answer."""

from evenfield.shared.words import Findings, Sentence, listing


def sentences(facts: Findings) -> list[Sentence]:
    """Count the answers, or say that the study asks nothing."""
    content = facts.answers
    if content["sentence"]:
        return [Sentence(content["sentence"])]
    counts = [(content["counts"][word], word.lower()) for word in content["words"]]
    told = listing([f"{count} {word}" for count, word in counts if count])
    text = f"Of {len(content['claims'])} statements: {told}."
    if content["counts"]["NO ANSWER"]:
        text += " No answer is no evidence that nothing is there."
    return [Sentence(text, f"one rule for all; p adjusted over {content['questions']} primary questions")]
