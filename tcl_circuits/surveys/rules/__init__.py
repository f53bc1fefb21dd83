"""Contrastive rules of the field on one quasi-static circuit, with real parts."""

from tcl_circuits.surveys.rules.base import Needs, Rule, Setting
from tcl_circuits.surveys.rules.choice import RULES, check_rules, make_rule, needs_of

__all__ = ["RULES", "Needs", "Rule", "Setting", "check_rules", "make_rule", "needs_of"]
