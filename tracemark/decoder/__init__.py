"""From votes to accusations: the pilot, hypotheses, the search, the guarantee. SPEC 6."""

from tracemark.decoder.accuse import Accused, Epoch, Judgement, accuse
from tracemark.decoder.pilot import ours, pilot
from tracemark.decoder.tally import distinct, tally

__all__ = ["Accused", "Epoch", "Judgement", "accuse", "distinct", "ours", "pilot", "tally"]
